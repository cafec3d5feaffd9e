package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

// export has a package made of the cameras' footage, follows it, and brings it home as a ZIP file.
func export(
	ctx context.Context, client accessv1.EvidenceClient, cameras []string, path string, window window, out io.Writer,
) error {
	request := &accessv1.CreateExportRequest{
		Cameras:   cameras,
		StartTime: timestamp(window.start),
		EndTime:   timestamp(window.end),
		Reason:    "example",
		RequestId: rand.Text(), // the same at each attempt, so that a lost answer makes no second export
	}
	var made *accessv1.Export
	err := keepOn(ctx, out, func() (gotOn bool, err error) {
		made, err = client.CreateExport(ctx, request)
		return false, err
	})
	if err != nil {
		return err
	}
	if err := await(ctx, client, made.GetName(), out); err != nil {
		return err
	}
	return download(ctx, client, made.GetName(), path, out)
}

// await returns once the export is whole.
func await(ctx context.Context, client accessv1.EvidenceClient, name string, out io.Writer) error {
	var newest *accessv1.Export
	err := keepOn(ctx, out, func() (gotOn bool, err error) {
		stream, err := client.WatchExport(ctx, &accessv1.WatchExportRequest{Name: name})
		for err == nil {
			var told *accessv1.Export
			if told, err = stream.Recv(); err == nil {
				newest, gotOn = told, true
				fmt.Fprintf(out, "%s: %s %d %%\n", name, told.GetState(), told.GetPercent())
			}
		}
		return gotOn, err
	})
	if err != nil {
		return err
	}
	if newest.GetState() != accessv1.Export_SUCCEEDED {
		return fmt.Errorf("%s is %s: %s", name, newest.GetState(), newest.GetError())
	}
	return nil
}

// download writes the whole package to a file, and goes on where it was when the connection breaks.
func download(ctx context.Context, client accessv1.EvidenceClient, name, path string, out io.Writer) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var have, size int64
	err = keepOn(ctx, out, func() (bool, error) {
		before := have
		stream, err := client.DownloadExport(ctx, &accessv1.DownloadExportRequest{Name: name, Offset: have})
		for err == nil {
			var told *accessv1.DownloadExportResponse
			if told, err = stream.Recv(); err != nil {
				break
			}
			size = max(size, told.GetSize())
			_, err = file.Write(told.GetData())
			have += int64(len(told.GetData()))
		}
		return have > before, err
	})
	if err != nil {
		return err
	}
	if have != size {
		return fmt.Errorf("%s has %d bytes, and %d came", name, size, have)
	}
	fmt.Fprintf(out, "%s: %d bytes\n", path, size)
	return file.Close()
}
