package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// lifetime is how long a statement says that it is good for; ten minutes is the most. A new one is signed a minute
// before its end.
const (
	lifetime = 5 * time.Minute
	spare    = time.Minute
)

// officer is who acts, and what for.
type officer struct {
	number, unit, incident string
}

func (o officer) named() bool { return o.number != "" }

// statements puts a signed statement about the officer beside each call (credentials.PerRPCCredentials).
type statements struct {
	officer officer
	key     *ecdsa.PrivateKey

	lock sync.Mutex
	text string
	end  time.Time
}

func newStatements(officer officer, key crypto.PrivateKey) (*statements, error) {
	signer, ok := key.(*ecdsa.PrivateKey)
	if !ok || signer.Curve != elliptic.P256() {
		return nil, errors.New("this example signs ES256: the certificate's key must be of the curve P-256")
	}
	return &statements{officer: officer, key: signer}, nil
}

func (s *statements) RequireTransportSecurity() bool { return true }

func (s *statements) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if time.Now().Add(spare).After(s.end) {
		text, end, err := s.sign(time.Now())
		if err != nil {
			return nil, err
		}
		s.text, s.end = text, end
	}
	return map[string]string{"snowlight-officer": s.text}, nil
}

// sign makes a compact JWS (RFC 7515) with ES256 (RFC 7518, section 3.4).
func (s *statements) sign(now time.Time) (string, time.Time, error) {
	end := now.Add(lifetime)
	header, err := json.Marshal(map[string]string{"alg": "ES256", "typ": "officer+jwt"})
	if err != nil {
		return "", end, err
	}
	claims, err := json.Marshal(map[string]any{
		"aud":      "snowlight",
		"sub":      s.officer.number,
		"unit":     s.officer.unit,
		"incident": s.officer.incident,
		"iat":      now.Unix(),
		"exp":      end.Unix(),
	})
	if err != nil {
		return "", end, err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode(header) + "." + encode(claims)
	digest := sha256.Sum256([]byte(signed))
	r, t, err := ecdsa.Sign(rand.Reader, s.key, digest[:])
	if err != nil {
		return "", end, err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	t.FillBytes(signature[32:])
	return signed + "." + encode(signature), end, nil
}
