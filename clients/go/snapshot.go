package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

// getSnapshot writes one picture to a file: what was shown at that instant, or the newest where it is zero.
func getSnapshot(
	ctx context.Context, client accessv1.MediaClient, camera, path string, taken time.Time, out io.Writer,
) error {
	snapshot, err := client.GetSnapshot(ctx, &accessv1.GetSnapshotRequest{
		Camera:  camera,
		Time:    timestamp(taken),
		Purpose: "example",
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, snapshot.GetJpeg(), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bytes, taken %s\n", path, len(snapshot.GetJpeg()), instant(snapshot.GetTime()))
	return nil
}
