package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

// createHold keeps the camera's footage of the window past its retention: until it is released, or `expire`.
func createHold(
	ctx context.Context, client accessv1.EvidenceClient, camera, reason string, window window, expire time.Time,
	out io.Writer,
) error {
	request := &accessv1.CreateHoldRequest{
		Camera:     camera,
		StartTime:  timestamp(window.start),
		EndTime:    timestamp(window.end),
		Reason:     reason,
		ExpireTime: timestamp(expire),
		RequestId:  rand.Text(), // the same at each attempt, so that a lost answer makes no second hold
	}
	return keepOn(ctx, out, func() (gotOn bool, err error) {
		hold, err := client.CreateHold(ctx, request)
		if err == nil {
			printHold(hold, out)
		}
		return false, err
	})
}

// releaseHold lets go. That is for another client than the one that created it, unless the cluster allows it.
func releaseHold(ctx context.Context, client accessv1.EvidenceClient, name, reason string, out io.Writer) error {
	hold, err := client.ReleaseHold(ctx, &accessv1.ReleaseHoldRequest{Name: name, Reason: reason})
	if err == nil {
		printHold(hold, out)
	}
	return err
}

// listHolds prints those in force, a line each; of all cameras where none is named.
func listHolds(ctx context.Context, client accessv1.EvidenceClient, camera string, out io.Writer) error {
	request := &accessv1.ListHoldsRequest{Camera: camera}
	for {
		answer, err := client.ListHolds(ctx, request)
		if err != nil {
			return err
		}
		for _, hold := range answer.GetHolds() {
			printHold(hold, out)
		}
		if answer.GetNextPageToken() == "" {
			return nil
		}
		request.PageToken = answer.GetNextPageToken()
	}
}

func printHold(hold *accessv1.Hold, out io.Writer) {
	state := "held"
	if hold.GetReleaseTime() != nil {
		state = "released"
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s: %s\n", hold.GetName(), state, hold.GetCamera(),
		instant(hold.GetStartTime()), instant(hold.GetEndTime()), hold.GetIncident(), hold.GetReason())
}
