package main

import (
	"context"
	"fmt"
	"io"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

// listRegions prints the regions that the client may know of, a line each.
func listRegions(ctx context.Context, cameras accessv1.CamerasClient, out io.Writer) error {
	answer, err := cameras.ListRegions(ctx, &accessv1.ListRegionsRequest{})
	if err != nil {
		return err
	}
	for _, region := range answer.GetRegions() {
		fmt.Fprintf(out, "%s\t%s\n", region.GetName(), region.GetDisplayName())
	}
	return nil
}

// listCameras prints the cameras of all pages, a line each.
func listCameras(
	ctx context.Context, cameras accessv1.CamerasClient, region, filter string, out io.Writer,
) error {
	request := &accessv1.ListCamerasRequest{Region: region, Filter: filter}
	for {
		answer, err := cameras.ListCameras(ctx, request)
		if err != nil {
			return err
		}
		for _, camera := range answer.GetCameras() {
			printCamera(camera, out)
		}
		if answer.GetNextPageToken() == "" {
			return nil
		}
		request.PageToken = answer.GetNextPageToken()
	}
}

func printCamera(camera *accessv1.Camera, out io.Writer) {
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\n",
		camera.GetName(), camera.GetState(), camera.GetRegion(), camera.GetDisplayName())
}
