package main

import (
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// window is [start, end).
type window struct {
	start, end time.Time
}

// timestamp is an instant as messages have it; unset where it is zero.
func timestamp(instant time.Time) *timestamppb.Timestamp {
	if instant.IsZero() {
		return nil
	}
	return timestamppb.New(instant)
}

// instant is RFC 3339 as protobuf's JSON has it: "" where it is unset.
func instant(told *timestamppb.Timestamp) string {
	if told == nil {
		return ""
	}
	return strings.Trim(protojson.Format(told), `"`)
}
