package main

import (
	"context"
	"fmt"
	"io"
	"time"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

// watchLive writes so much of a camera's live pictures to a file, through breaks of the connection.
func watchLive(
	ctx context.Context, client accessv1.MediaClient, camera, path string, length time.Duration, out io.Writer,
) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	film := &movie{path: path, out: out}
	defer film.close()
	begun := time.Now()
	err := keepOn(ctx, out, func() (bool, error) {
		before := film.length
		stream, err := client.WatchLive(ctx, &accessv1.WatchLiveRequest{
			Camera:      camera,
			Packaging:   accessv1.Packaging_PACKAGING_FRAGMENTS,
			Purpose:     "example",
			ResumeToken: film.token,
		})
		for err == nil && film.length < length {
			var told *accessv1.WatchLiveResponse
			if told, err = stream.Recv(); err != nil {
				break
			}
			if told.GetFragment() != nil && film.length == 0 {
				fmt.Fprintf(out, "first picture after %d ms\n", time.Since(begun).Milliseconds())
			}
			err = film.take(told)
		}
		return film.length > before, err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "live: %s\n", film)
	return nil
}
