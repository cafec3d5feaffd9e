package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// A call that breaks off is made again after a second, and after twice as long each time that it brings nothing.
const (
	pause        = time.Second
	longestPause = 30 * time.Second
	mostAttempts = 8
)

// keepOn calls `attempt` until it succeeds, is refused for good, or has brought nothing many times. It tells whether
// it got on, and begins where the one before ended.
func keepOn(ctx context.Context, out io.Writer, attempt func() (gotOn bool, err error)) error {
	wait, failures := pause, 0
	for {
		gotOn, err := attempt()
		if err == nil || errors.Is(err, io.EOF) {
			return nil
		}
		why := readRefusal(err)
		if gotOn {
			wait, failures = pause, 0
		}
		if failures++; !why.passes() || failures >= mostAttempts || ctx.Err() != nil {
			return err
		}
		if why.retry > 0 {
			wait = why.retry
		}
		fmt.Fprintf(out, "broken off: %s; again in %s\n", why, wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, longestPause)
	}
}
