package main

import (
	"context"
	"fmt"
	"io"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

// streamRecording writes what was recorded in the window to a file, through breaks of the connection.
func streamRecording(
	ctx context.Context, client accessv1.MediaClient, camera, path string, window window, out io.Writer,
) error {
	film := &movie{path: path, out: out}
	defer film.close()
	err := keepOn(ctx, out, func() (bool, error) {
		before := film.length
		stream, err := client.StreamRecording(ctx, &accessv1.StreamRecordingRequest{
			Camera:      camera,
			StartTime:   timestamp(window.start),
			EndTime:     timestamp(window.end),
			Packaging:   accessv1.Packaging_PACKAGING_FRAGMENTS,
			Purpose:     "example",
			ResumeToken: film.token,
		})
		for err == nil {
			var told *accessv1.StreamRecordingResponse
			if told, err = stream.Recv(); err == nil {
				err = film.take(told)
			}
		}
		return film.length > before, err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "recording: %s\n", film)
	return nil
}

// getTimeline prints what was recorded in the window, and why the rest was not.
func getTimeline(
	ctx context.Context, client accessv1.MediaClient, camera string, window window, out io.Writer,
) error {
	timeline, err := client.GetTimeline(ctx, &accessv1.GetTimelineRequest{
		Camera:    camera,
		StartTime: timestamp(window.start),
		EndTime:   timestamp(window.end),
	})
	if err != nil {
		return err
	}
	for _, span := range timeline.GetSpans() {
		fmt.Fprintf(out, "recorded\t%s\t%s\n", instant(span.GetStartTime()), instant(span.GetEndTime()))
	}
	for _, gap := range timeline.GetGaps() {
		fmt.Fprintf(out, "%s\t%s\t%s\n", gap.GetCause(), instant(gap.GetStartTime()), instant(gap.GetEndTime()))
	}
	return nil
}
