package main

import (
	"context"
	"fmt"
	"io"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

// listMyAccess prints what is on record of the client's own officers, newest first, of one camera or of all. A zero
// instant is no bound.
func listMyAccess(ctx context.Context, client accessv1.AuditClient, camera string, window window, out io.Writer) error {
	request := &accessv1.ListMyAccessRequest{
		Camera:    camera,
		StartTime: timestamp(window.start),
		EndTime:   timestamp(window.end),
	}
	for {
		answer, err := client.ListMyAccess(ctx, request)
		if err != nil {
			return err
		}
		for _, record := range answer.GetRecords() {
			printRecord(record, out)
		}
		if answer.GetNextPageToken() == "" {
			return nil
		}
		request.PageToken = answer.GetNextPageToken()
	}
}

func printRecord(record *accessv1.AccessRecord, out io.Writer) {
	outcome := "allowed"
	if !record.GetAllowed() {
		outcome = record.GetReason()
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d s\t%d bytes\n",
		instant(record.GetTime()), record.GetEvent(), record.GetAction(), record.GetCamera(), outcome,
		record.GetOfficer(), record.GetPurpose(), record.GetWatchedS(), record.GetWatchedBytes())
}
