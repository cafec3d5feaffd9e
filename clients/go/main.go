// An example of a platform that gets live pictures, recordings and evidence through the door for public-security
// systems. Each file has one subject: connection.go and officer.go say who calls, refusal.go and resume.go what to do
// when a call is refused or breaks off.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

const usage = `client -door HOST:PORT -ca FILE -cert FILE -key FILE [-officer NUMBER -unit UNIT -incident CASE] COMMAND

  regions
  cameras    [-region REGION] [-filter WORDS]
  watch      [-region REGION] [-seconds N]
  live       -camera CAMERA [-seconds N] -out FILE.mp4
  snapshot   -camera CAMERA [-time INSTANT] -out FILE.jpg
  timeline   -camera CAMERA -start INSTANT -end INSTANT
  recording  -camera CAMERA -start INSTANT -end INSTANT -out FILE.mp4
  export     -camera CAMERA[,CAMERA] -start INSTANT -end INSTANT -out FILE.zip
  download   -export EXPORT -out FILE.zip
  hold       -camera CAMERA -start INSTANT -end INSTANT -reason TEXT [-expire INSTANT]
  holds      [-camera CAMERA]
  release    -hold HOLD -reason TEXT
  grant      -kind CASE -camera CAMERA[,CAMERA] -actions ACTION[,ACTION] -hours N -reason TEXT
             [-start INSTANT -end INSTANT]
  grant      -kind EMERGENCY -camera CAMERA[,CAMERA] -reason TEXT
  grants
  access     [-camera CAMERA] [-start INSTANT] [-end INSTANT]
`

// request is what the command line asks for.
type request struct {
	address string
	files   files
	officer officer

	command        string
	region, filter string
	camera, path   string
	made           string // the export or hold
	reason         string
	seconds        float64
	window         window
	taken, expire  time.Time
	kind           accessv1.Grant_Kind
	actions        []accessv1.Grant_Action
	hours          float64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	asked, err := read(os.Args[1:])
	if err == nil {
		err = carryOut(ctx, asked, os.Stdout)
	}
	if err == nil {
		return
	}
	if _, refused := status.FromError(err); refused {
		fmt.Fprintln(os.Stderr, readRefusal(err))
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(1)
}

func carryOut(ctx context.Context, asked request, out io.Writer) error {
	connection, err := connect(asked.address, asked.files, asked.officer)
	if err != nil {
		return err
	}
	defer connection.Close()
	return call(ctx, connection, asked, out)
}

func call(ctx context.Context, connection grpc.ClientConnInterface, asked request, out io.Writer) error {
	cameras := accessv1.NewCamerasClient(connection)
	pictures := accessv1.NewMediaClient(connection)
	evidence := accessv1.NewEvidenceClient(connection)
	grants := accessv1.NewGrantsClient(connection)
	several := strings.Split(asked.camera, ",")
	switch asked.command {
	case "regions":
		return listRegions(ctx, cameras, out)
	case "cameras":
		return listCameras(ctx, cameras, asked.region, asked.filter, out)
	case "watch":
		return watchCameras(ctx, cameras, asked.region, duration(asked.seconds, time.Second), out)
	case "live":
		return watchLive(ctx, pictures, asked.camera, asked.path, duration(asked.seconds, time.Second), out)
	case "snapshot":
		return getSnapshot(ctx, pictures, asked.camera, asked.path, asked.taken, out)
	case "timeline":
		return getTimeline(ctx, pictures, asked.camera, asked.window, out)
	case "recording":
		return streamRecording(ctx, pictures, asked.camera, asked.path, asked.window, out)
	case "export":
		return export(ctx, evidence, several, asked.path, asked.window, out)
	case "download":
		return download(ctx, evidence, asked.made, asked.path, out)
	case "hold":
		return createHold(ctx, evidence, asked.camera, asked.reason, asked.window, asked.expire, out)
	case "holds":
		return listHolds(ctx, evidence, asked.camera, out)
	case "release":
		return releaseHold(ctx, evidence, asked.made, asked.reason, out)
	case "grant":
		wish := wish{asked.kind, asked.actions, asked.window, duration(asked.hours, time.Hour), asked.reason}
		return requestGrant(ctx, grants, several, wish, out)
	case "grants":
		return listGrants(ctx, grants, out)
	case "access":
		return listMyAccess(ctx, accessv1.NewAuditClient(connection), asked.camera, asked.window, out)
	}
	return fmt.Errorf("no command %q\n%s", asked.command, usage)
}

func duration(count float64, unit time.Duration) time.Duration {
	return time.Duration(count * float64(unit))
}

func read(arguments []string) (asked request, err error) {
	common := flag.NewFlagSet("client", flag.ContinueOnError)
	common.Usage = func() { fmt.Fprint(common.Output(), usage) }
	common.StringVar(&asked.address, "door", "", "HOST:PORT")
	common.StringVar(&asked.files.authority, "ca", "", "who vouches for the door")
	common.StringVar(&asked.files.certificate, "cert", "", "the client's certificate chain")
	common.StringVar(&asked.files.key, "key", "", "its key")
	common.StringVar(&asked.officer.number, "officer", "", "who acts")
	common.StringVar(&asked.officer.unit, "unit", "", "of which unit")
	common.StringVar(&asked.officer.incident, "incident", "", "and what for")
	if err = common.Parse(arguments); err != nil {
		return asked, err
	}
	if common.NArg() == 0 {
		return asked, fmt.Errorf("%s", usage)
	}
	asked.command = common.Arg(0)
	own := flag.NewFlagSet(asked.command, flag.ContinueOnError)
	own.StringVar(&asked.region, "region", "", "regions/{code}: that and all below it")
	own.StringVar(&asked.filter, "filter", "", "words of names, state=ONLINE")
	own.StringVar(&asked.camera, "camera", "", "cameras/{id}; of an export or a grant several with commas")
	own.StringVar(&asked.made, "export", "", "exports/{id}")
	own.StringVar(&asked.made, "hold", "", "holds/{id}")
	own.StringVar(&asked.reason, "reason", "", "of a hold or a grant")
	own.StringVar(&asked.path, "out", "", "the file to write")
	own.Float64Var(&asked.seconds, "seconds", 10, "how much to watch")
	own.Float64Var(&asked.hours, "hours", 0, "how long a grant is to hold")
	own.Func("kind", "CASE or EMERGENCY", readKind(&asked.kind))
	own.Func("actions", "LIVE, PLAYBACK, SNAPSHOT, EXPORT, with commas", readActions(&asked.actions))
	own.Func("start", "RFC 3339", readInstant(&asked.window.start))
	own.Func("end", "RFC 3339", readInstant(&asked.window.end))
	own.Func("time", "RFC 3339", readInstant(&asked.taken))
	own.Func("expire", "RFC 3339", readInstant(&asked.expire))
	return asked, own.Parse(common.Args()[1:])
}

func readInstant(into *time.Time) func(string) error {
	return func(text string) (err error) {
		*into, err = time.Parse(time.RFC3339Nano, text)
		return err
	}
}
