package server

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"sync"
)

// buffered keeps an answer until its handler is done. The handler's turn then ends before the answer is sent: a client
// who reads slowly holds his own connection and nobody else's turn.
type buffered struct {
	http.ResponseWriter
	status int
	body   *bytes.Buffer
	// streams is set once a handler flushes: from then on the client gets what is written.
	streams bool
}

// largeBuffer is the size from which a buffer is not kept for another answer.
const largeBuffer = 1 << 20

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func newBuffered(w http.ResponseWriter) *buffered {
	body := bodies.Get().(*bytes.Buffer)
	body.Reset()
	return &buffered{ResponseWriter: w, body: body}
}

// WriteHeader implements http.ResponseWriter. The first status counts.
func (b *buffered) WriteHeader(status int) {
	if b.status == 0 && status >= http.StatusOK {
		b.status = status
	}
}

// Write implements http.ResponseWriter.
func (b *buffered) Write(p []byte) (int, error) {
	if b.status == 0 {
		b.WriteHeader(http.StatusOK)
	}
	if b.streams {
		return b.ResponseWriter.Write(p)
	}
	return b.body.Write(p)
}

// Flush implements http.Flusher for handlers that report as they go.
func (b *buffered) Flush() {
	if !b.streams {
		b.streams = true
		b.write(false)
	}
	if err := http.NewResponseController(b.ResponseWriter).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return // the client is gone, which the next write says
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (b *buffered) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// again forgets what was written, unless the client has some of it.
func (b *buffered) again() bool {
	if b.streams {
		return false
	}
	b.status = 0
	b.body.Reset()
	return true
}

// send gives the client what was kept.
func (b *buffered) send() {
	if !b.streams {
		b.write(true)
	}
	if b.body.Cap() <= largeBuffer {
		bodies.Put(b.body)
	}
	b.body = nil
}

func (b *buffered) write(whole bool) {
	if b.status == 0 {
		b.status = http.StatusOK
	}
	if whole && b.status != http.StatusNoContent && b.status != http.StatusNotModified {
		b.Header().Set("Content-Length", strconv.Itoa(b.body.Len()))
	}
	b.ResponseWriter.WriteHeader(b.status)
	_, _ = b.ResponseWriter.Write(b.body.Bytes()) // the client is gone if this fails
	b.body.Reset()
}
