package opensearch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"

	"tongsou/index"
)

// A bulk request holds about this many bytes, and this many are under way at once: the next waits, so that a cluster that
// is slow slows its writer and is not drowned.
const (
	bulkBytes   = 5 << 20
	bulksAtOnce = 2
	// refusals is how often documents that the cluster has no room for are sent again before an Apply fails.
	refusals = 8
)

// Apply implements index.Writer.
func (e *Engine) Apply(ctx context.Context, changes []index.Change) error {
	e.writing.Lock()
	defer e.writing.Unlock()
	if err := errors.Join(ctx.Err(), e.open()); err != nil {
		return err
	}
	if d := e.doubt.Load(); d != nil {
		return fmt.Errorf("index %s takes nothing before it is rebuilt (%s): %w", e.options.Prefix, d.reason, index.ErrUnavailable)
	}
	p := e.present.Load()
	if len(changes) == 0 {
		return nil
	}
	// Through the alias, and only through one: an index that somebody else's rebuild removed must not come back by itself,
	// with another mapping.
	sequence, err := e.write(ctx, e.options.Prefix, "require_alias=true", p.sequence, changes)
	if err != nil {
		return fmt.Errorf("write index %s: %w", p.index, err)
	}
	if err := e.client.do(ctx, http.MethodPost, "/"+p.index+"/_refresh", nil, long, nil); err != nil {
		return fmt.Errorf("show what was written to index %s: %w", p.index, err)
	}
	e.present.Store(&present{index: p.index, version: p.version, sequence: sequence, known: p.known.after(uint64(len(changes)))})
	return nil
}

// write puts changes into an index and then the sequence that it has reached, which it returns.
func (e *Engine) write(ctx context.Context, name, flags string, reached uint64, changes []index.Change) (uint64, error) {
	var work errgroup.Group
	work.SetLimit(bulksAtOnce)
	fresh := func() *bulk { return &bulk{engine: e, path: "/" + name + "/_bulk?" + flags} }
	b := fresh()
	for i := range changes {
		if err := b.add(&changes[i]); err != nil {
			return 0, errors.Join(err, work.Wait())
		}
		if b.bytes >= bulkBytes {
			full := b
			work.Go(func() error { return full.send(ctx) })
			b = fresh()
		}
		reached = max(reached, changes[i].Seq)
	}
	work.Go(func() error { return b.send(ctx) })
	if err := work.Wait(); err != nil {
		return 0, err
	}
	path := fmt.Sprintf("/%s/_doc/%s?version=%d&version_type=external_gte&%s", name, stateID, reached, flags)
	err := e.client.do(ctx, http.MethodPut, path, encode(m{fieldSequence: reached}), long, nil)
	if status(err) == http.StatusConflict {
		err = nil // another writer is further
	}
	return reached, err
}

// bulk is a request with several writes.
type bulk struct {
	engine *Engine
	path   string
	ops    []op
	bytes  int
}

// op is one write: its line, and the document's when it has one.
type op struct {
	id         string
	line, body []byte
}

// docID is the ID by which OpenSearch knows a document: its own, or a hash of one above OpenSearch's 512 bytes.
func docID(id string) string {
	if len(id) <= 500 && id != stateID {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (b *bulk) add(c *index.Change) error {
	action := m{"_id": docID(c.ID), "version": c.Seq, "version_type": "external"}
	o := op{id: c.ID}
	if c.Document == nil {
		o.line = encode(m{"delete": action})
	} else {
		o.line = encode(m{"index": action})
		var err error
		if o.body, err = json.Marshal(document(c.Document, b.engine.options.Segmenter)); err != nil {
			return fmt.Errorf("encode document %s: %w", c.ID, err)
		}
	}
	b.ops = append(b.ops, o)
	b.bytes += len(o.line) + len(o.body)
	return nil
}

// send writes everything, again what the cluster had no room for.
func (b *bulk) send(ctx context.Context) error {
	left := b.ops
	for try := 0; len(left) > 0; try++ {
		if try > refusals {
			return fmt.Errorf("the cluster refused %d documents again and again (the first is %s): %w", len(left), left[0].id, index.ErrUnavailable)
		}
		if try > 0 {
			if err := pause(ctx, min(try, 6)); err != nil {
				return err
			}
		}
		var err error
		if left, err = b.once(ctx, left); err != nil {
			return err
		}
	}
	return nil
}

// once sends writes and returns those to be sent again.
func (b *bulk) once(ctx context.Context, ops []op) ([]op, error) {
	var body bytes.Buffer
	for _, o := range ops {
		body.Write(o.line)
		body.WriteByte('\n')
		if o.body != nil {
			body.Write(o.body)
			body.WriteByte('\n')
		}
	}
	var answer struct {
		Items []map[string]struct {
			Status int `json:"status"`
			Error  struct {
				Type   string `json:"type"`
				Reason string `json:"reason"`
			} `json:"error"`
		} `json:"items"`
	}
	if err := b.engine.client.do(ctx, http.MethodPost, b.path, body.Bytes(), long, &answer); err != nil {
		return nil, err
	}
	if len(answer.Items) != len(ops) {
		return nil, fmt.Errorf("the cluster answers for %d of %d documents", len(answer.Items), len(ops))
	}
	var again []op
	var bad []error
	for i, item := range answer.Items {
		for action, r := range item {
			switch {
			case r.Status < 300, r.Status == http.StatusConflict: // there is this version, or a newer one
			case action == "delete" && r.Status == http.StatusNotFound:
			case later(r.Status):
				again = append(again, ops[i])
			case len(bad) < 5:
				bad = append(bad, fmt.Errorf("document %s: %d %s: %s", ops[i].id, r.Status, r.Error.Type, r.Error.Reason))
			}
		}
	}
	return again, errors.Join(bad...)
}
