package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// largest is how many bytes one message may have: a key frame of a large picture is more than gRPC's usual 4 MB.
const largest = 32 << 20

// longestAnswer is how long a call with one answer waits for it. Streams go on for as long as they are read.
const longestAnswer = 30 * time.Second

// pings tell that a door which is silent is still there. It sends away who pings more often than each 10 s.
var pings = keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}

// files are where a client's certificate chain, its key, and the authority of the door's certificate lie: PEM.
type files struct {
	authority, certificate, key string
}

// connect makes the one connection that all calls share. With an officer, each call names them.
func connect(address string, files files, officer officer) (*grpc.ClientConn, error) {
	pair, err := tls.LoadX509KeyPair(files.certificate, files.key)
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(files.authority)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("%s has no certificate", files.authority)
	}
	settings := &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS12}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(settings)),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest)),
		grpc.WithKeepaliveParams(pings),
		grpc.WithUnaryInterceptor(answerInTime),
	}
	if officer.named() {
		statements, err := newStatements(officer, pair.PrivateKey)
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.WithPerRPCCredentials(statements))
	}
	return grpc.NewClient(address, options...)
}

func answerInTime(
	ctx context.Context, method string, request, answer any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker,
	options ...grpc.CallOption,
) error {
	limited, end := context.WithTimeout(ctx, longestAnswer)
	defer end()
	return invoke(limited, method, request, answer, connection, options...)
}
