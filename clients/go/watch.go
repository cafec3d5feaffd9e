package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

// watchCameras prints each camera as it is, and for so long what changes of them, through breaks of the connection.
func watchCameras(
	ctx context.Context, client accessv1.CamerasClient, region string, length time.Duration, out io.Writer,
) error {
	limited, end := context.WithTimeout(ctx, length)
	defer end()
	token := ""
	return keepOn(ctx, out, func() (gotOn bool, err error) {
		stream, err := client.WatchCameras(limited, &accessv1.WatchCamerasRequest{Region: region, ResumeToken: token})
		for err == nil {
			var told *accessv1.WatchCamerasResponse
			if told, err = stream.Recv(); err == nil {
				gotOn, token = true, told.GetResumeToken() // none between `reset` and `synced`
				printChange(told, out)
			}
		}
		if status.Code(err) == codes.DeadlineExceeded {
			return gotOn, nil
		}
		return gotOn, err
	})
}

func printChange(told *accessv1.WatchCamerasResponse, out io.Writer) {
	switch {
	case told.GetReset_() != nil:
		fmt.Fprintln(out, "reset") // what was printed before counts no more
	case told.GetSynced() != nil:
		fmt.Fprintln(out, "synced")
	case told.GetCamera() != nil:
		printCamera(told.GetCamera(), out)
	case told.GetDeleted() != nil:
		fmt.Fprintf(out, "deleted\t%s\n", told.GetDeleted().GetName())
	}
}
