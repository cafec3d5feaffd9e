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
  live       -camera CAMERA -seconds N -out FILE.mp4
  timeline   -camera CAMERA -start INSTANT -end INSTANT
  recording  -camera CAMERA -start INSTANT -end INSTANT -out FILE.mp4
  export     -camera CAMERA[,CAMERA] -start INSTANT -end INSTANT -out FILE.zip
`

// request is what the command line asks for.
type request struct {
	address string
	files   files
	officer officer

	command        string
	region, filter string
	camera, path   string
	seconds        float64
	window         window
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
	switch asked.command {
	case "regions":
		return listRegions(ctx, cameras, out)
	case "cameras":
		return listCameras(ctx, cameras, asked.region, asked.filter, out)
	case "live":
		length := time.Duration(asked.seconds * float64(time.Second))
		return watchLive(ctx, pictures, asked.camera, asked.path, length, out)
	case "timeline":
		return getTimeline(ctx, pictures, asked.camera, asked.window, out)
	case "recording":
		return streamRecording(ctx, pictures, asked.camera, asked.path, asked.window, out)
	case "export":
		return export(ctx, evidence, strings.Split(asked.camera, ","), asked.path, asked.window, out)
	}
	return fmt.Errorf("no command %q\n%s", asked.command, usage)
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
	own.StringVar(&asked.camera, "camera", "", "cameras/{id}; of an export several with commas")
	own.StringVar(&asked.path, "out", "", "the file to write")
	own.Float64Var(&asked.seconds, "seconds", 10, "how much to watch")
	own.Func("start", "RFC 3339", readInstant(&asked.window.start))
	own.Func("end", "RFC 3339", readInstant(&asked.window.end))
	return asked, own.Parse(common.Args()[1:])
}

func readInstant(into *time.Time) func(string) error {
	return func(text string) (err error) {
		*into, err = time.Parse(time.RFC3339Nano, text)
		return err
	}
}
