package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	accessv1 "snowlight-client/gen/snowlight/api/access/v1"
)

// media is what WatchLive and StreamRecording answer with.
type media interface {
	GetDescription() *accessv1.Description
	GetFragment() *accessv1.Fragment
	GetDiscontinuity() *accessv1.Discontinuity
}

// movie writes media to a file that plays: the init section, then the fragments as they come. Where the camera
// changes what it sends, or its media times begin anew, another file begins: gate.mp4, gate-2.mp4.
type movie struct {
	path string
	out  io.Writer // what happens is told here

	file   *os.File
	files  int
	init   []byte
	anew   bool // media times begin anew with the next description
	first  time.Time
	length time.Duration
	token  string // where to go on from
}

// take writes what one answer brought.
func (m *movie) take(told media) error {
	switch {
	case told.GetDescription() != nil:
		return m.begin(told.GetDescription())
	case told.GetFragment() != nil:
		return m.add(told.GetFragment())
	case told.GetDiscontinuity() != nil:
		m.explain(told.GetDiscontinuity())
	}
	return nil
}

// begin goes on with the open file where nothing has changed, as after a resumed call.
func (m *movie) begin(description *accessv1.Description) error {
	if m.file != nil && !m.anew && bytes.Equal(m.init, description.GetInitSection()) {
		return nil
	}
	if err := m.close(); err != nil {
		return err
	}
	m.files++
	path := m.path
	if m.files > 1 {
		extension := filepath.Ext(path)
		path = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, extension), m.files, extension)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	m.file, m.init = file, description.GetInitSection()
	fmt.Fprintf(m.out, "%s: %s, %dx%d\n", path, description.GetCodecs(), description.GetWidth(), description.GetHeight())
	_, err = file.Write(m.init)
	return err
}

func (m *movie) add(fragment *accessv1.Fragment) error {
	if m.file == nil {
		return fmt.Errorf("%s: a fragment came before any description", m.path)
	}
	if _, err := m.file.Write(fragment.GetData()); err != nil {
		return err
	}
	if m.first.IsZero() {
		m.first = fragment.GetStartTime().AsTime()
	}
	m.anew = false
	m.length += time.Duration(fragment.GetDurationMs()) * time.Millisecond
	m.token = fragment.GetResumeToken()
	return nil
}

func (m *movie) explain(hole *accessv1.Discontinuity) {
	reason := hole.GetReason()
	m.anew = reason == accessv1.Discontinuity_SOURCE || reason == accessv1.Discontinuity_GAP
	fmt.Fprintf(m.out, "discontinuity: %s %s\n", reason, hole.GetCause())
}

func (m *movie) close() error {
	if m.file == nil {
		return nil
	}
	err := m.file.Close()
	m.file = nil
	return err
}

func (m *movie) String() string {
	return fmt.Sprintf("%s from %s", m.length.Round(time.Millisecond), m.first.UTC().Format(time.RFC3339))
}
