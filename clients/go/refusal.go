package main

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// refusal is what the door says when it does not answer.
type refusal struct {
	code    codes.Code
	reason  string // stable: "camera.not_found"
	message string
	fields  []string
	retry   time.Duration // when to come again; 0: it does not say
}

// readRefusal reads a call's error with its details (google.rpc).
func readRefusal(err error) refusal {
	told := status.Convert(err)
	read := refusal{code: told.Code(), message: told.Message()}
	for _, detail := range told.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			read.reason = detail.GetReason()
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				read.fields = append(read.fields, violation.GetField())
			}
		case *errdetails.RetryInfo:
			read.retry = detail.GetRetryDelay().AsDuration()
		}
	}
	return read
}

// passes says whether the same call may succeed later, with nothing done about it.
func (r refusal) passes() bool {
	return r.code == codes.Unavailable || r.retry > 0
}

func (r refusal) String() string {
	text := fmt.Sprintf("%s %s: %s", r.code, r.reason, r.message)
	if len(r.fields) > 0 {
		text += " (field " + strings.Join(r.fields, ", ") + ")"
	}
	if r.retry > 0 {
		text += fmt.Sprintf(" (again in %s)", r.retry)
	}
	return text
}
