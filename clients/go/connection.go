package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// largest is how many bytes one message may have: a key frame of a large picture is more than gRPC's usual 4 MB.
const largest = 32 << 20

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
