package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

// wish is what a grant is asked for.
type wish struct {
	kind     accessv1.Grant_Kind
	actions  []accessv1.Grant_Action // of a CASE
	window   window                  // of the past, with PLAYBACK and EXPORT
	duration time.Duration           // of a CASE, from its approval on
	reason   string
}

// requestGrant asks for what the officer has no right to by their post. A CASE waits for a second person; an
// EMERGENCY opens live pictures at once.
func requestGrant(
	ctx context.Context, client accessv1.GrantsClient, cameras []string, wish wish, out io.Writer,
) error {
	request := &accessv1.RequestGrantRequest{
		Grant: &accessv1.Grant{
			Kind:            wish.kind,
			Cameras:         cameras,
			Actions:         wish.actions,
			WindowStartTime: timestamp(wish.window.start),
			WindowEndTime:   timestamp(wish.window.end),
			Reason:          wish.reason,
			DurationS:       int64(wish.duration.Seconds()),
		},
		RequestId: rand.Text(), // the same at each attempt, so that a lost answer asks for nothing more
	}
	return keepOn(ctx, out, func() (gotOn bool, err error) {
		grant, err := client.RequestGrant(ctx, request)
		if err == nil {
			printGrant(grant, out)
		}
		return false, err
	})
}

// listGrants prints what was asked for and what became of it, newest first.
func listGrants(ctx context.Context, client accessv1.GrantsClient, out io.Writer) error {
	request := &accessv1.ListGrantsRequest{}
	for {
		answer, err := client.ListGrants(ctx, request)
		if err != nil {
			return err
		}
		for _, grant := range answer.GetGrants() {
			printGrant(grant, out)
		}
		if answer.GetNextPageToken() == "" {
			return nil
		}
		request.PageToken = answer.GetNextPageToken()
	}
}

func printGrant(grant *accessv1.Grant, out io.Writer) {
	var actions []string
	for _, action := range grant.GetActions() {
		actions = append(actions, action.String())
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s: %s\n", grant.GetName(), grant.GetKind(), grant.GetState(),
		strings.Join(grant.GetCameras(), ","), strings.Join(actions, ","), instant(grant.GetEndTime()),
		grant.GetIncident(), grant.GetReason())
}

func readKind(into *accessv1.Grant_Kind) func(string) error {
	return func(text string) error {
		value, known := accessv1.Grant_Kind_value[text]
		if !known {
			return fmt.Errorf("no kind %q", text)
		}
		*into = accessv1.Grant_Kind(value)
		return nil
	}
}

func readActions(into *[]accessv1.Grant_Action) func(string) error {
	return func(text string) error {
		for word := range strings.SplitSeq(text, ",") {
			value, known := accessv1.Grant_Action_value[word]
			if !known {
				return fmt.Errorf("no action %q", word)
			}
			*into = append(*into, accessv1.Grant_Action(value))
		}
		return nil
	}
}
