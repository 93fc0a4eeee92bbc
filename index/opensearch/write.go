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
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/stage"
	"tongsou/segment"
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
	e.present.Store(&present{index: p.index, version: p.version, sequence: sequence, known: newKnown()})
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

// document is what is written for a document.
func document(d *corpus.Document, seg *segment.Segmenter) m {
	list := index.Units(d)
	doc := m{
		fieldID: d.ID, fieldKind: d.Kind, fieldMeta: list[0].Meta, fieldUnits: len(list), fieldRank: corpus.RankOf(d),
		fieldDay: dayNumber(list[0].Meta.Date), fieldName: index.LawNames(d), fieldNeed: index.NeedValues(d),
		fieldSuggest: stage.SuggestionKeys(d, seg), "f": index.FacetValues(d), fieldIssuer: segment.Fold(d.Issuer), fieldPath: path(d.Region),
	}
	meta := list[0].Meta
	for field, value := range map[string]string{
		fieldNumber: meta.Number, effective: string(meta.Effective), superseded: string(meta.Superseded), repealed: string(meta.Repealed),
	} {
		if value != "" {
			doc[field] = value
		}
	}
	var codes []string
	if it := d.Item; it != nil {
		codes = []string{segment.Fold(it.Code), segment.Fold(it.BasicCode), segment.Fold(it.TaskCode)}
	}
	doc[fieldCode] = append(codes, segment.Fold(d.IndexNumber))
	var nested []m
	for i := range list {
		nested = append(nested, unitOf(&list[i], seg))
	}
	doc[units] = nested
	return doc
}

// path lists the divisions that one lies in, itself included.
func path(region string) []string {
	var list []string
	for l := 2; l <= len(region); l++ {
		list = append(list, region[:l])
	}
	return list
}

// stored is what is kept with a unit to score and to show it.
type stored struct {
	Ref  *index.SectionRef `json:"s,omitempty"`
	Keys string            `json:"k,omitempty"`
	Body string            `json:"b,omitempty"`
	// Words are the terms of the body that are longer than two characters, joined by blanks: which they are only the
	// segmenter can say.
	Words string `json:"w,omitempty"`
	// Lengths are the levels of stage.Quantise.
	Lengths [3]int `json:"l"`
}

func unitOf(u *index.Unit, seg *segment.Segmenter) m {
	st := stored{Ref: u.Ref, Keys: u.Keys, Body: u.Body}
	var all, words bytes.Buffer
	unit := m{"h": u.Ref == nil, "s": u.Section, "c": letters(u.Body), "ct": letters(u.Title)}
	for f, text := range [...]string{u.Title, u.Keys, u.Body} {
		n := 0
		if text != "" {
			n = stage.Terms(seg, text, u.Ref != nil && f < 2, func(term string) {
				all.WriteString(term)
				all.WriteByte(' ')
				if f == 2 && long3(term) {
					words.WriteString(term)
					words.WriteByte(' ')
				}
			})
		}
		st.Lengths[f] = stage.Quantise(n)
		unit[fmt.Sprintf("l%d", f)] = stage.Lengths()[st.Lengths[f]]
	}
	st.Words = words.String()
	unit["x"+string(u.Kind[0])] = all.String()
	unit["j"] = string(encode(st))
	return unit
}

// progress is how far a rebuild is, nil before the first.
type progress struct {
	mu   sync.Mutex
	last *index.Rebuild
}

func (r *progress) set(change func(*index.Rebuild)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = new(index.Rebuild)
	}
	change(r.last)
}

func (r *progress) copy() *index.Rebuild {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		return nil
	}
	c := *r.last
	return &c
}

// Rebuild makes a new index beside the one in use, feeds it from the beginning and moves the alias to it in one step.
// Searches go on in the old index until then. When it fails the old index stays.
func (e *Engine) Rebuild(ctx context.Context, feed func(ctx context.Context, after uint64) ([]index.Change, error)) error {
	e.writing.Lock()
	defer e.writing.Unlock()
	if e.life.Err() != nil {
		return fmt.Errorf("rebuild index %s: %w", e.options.Prefix, index.ErrUnavailable)
	}
	e.rebuild.set(func(r *index.Rebuild) { *r = index.Rebuild{Running: true, Started: e.options.Now()} })
	err := e.rebuildBeside(ctx, feed)
	e.rebuild.set(func(r *index.Rebuild) {
		now := e.options.Now()
		r.Running, r.Finished = false, &now
		if err != nil {
			r.Error = err.Error()
		}
	})
	return err
}

// grace is how long the old index stays after the swap: searches under way may still read it.
const grace = 2 * time.Second

func (e *Engine) rebuildBeside(ctx context.Context, feed func(ctx context.Context, after uint64) ([]index.Change, error)) error {
	old, _, err := e.inUse(ctx)
	if err != nil {
		return fmt.Errorf("rebuild index: %w", err)
	}
	fresh := e.next(old)
	if err := e.drop(ctx, fresh); err != nil { // what a rebuild that was killed left behind
		return fmt.Errorf("rebuild index: %w", err)
	}
	if err := e.client.do(ctx, http.MethodPut, "/"+fresh, encode(e.options.definition(false)), long, nil); err != nil {
		return fmt.Errorf("rebuild index: %w", err)
	}
	sequence, err := e.fill(ctx, fresh, feed)
	if err == nil {
		err = e.ready(ctx, fresh)
	}
	if err == nil {
		swap := m{"actions": []m{{"remove": m{"index": old, "alias": e.options.Prefix}}, {"add": m{"index": fresh, "alias": e.options.Prefix}}}}
		err = e.client.do(ctx, http.MethodPost, "/_aliases", encode(swap), long, nil)
	}
	if err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), long)
		defer cancel()
		return errors.Join(fmt.Errorf("rebuild index: %w", err), e.drop(clean, fresh))
	}
	e.present.Store(&present{index: fresh, version: e.options.version(), sequence: sequence, known: newKnown()})
	e.doubt.Store(nil)
	select {
	case <-ctx.Done():
	case <-time.After(grace):
	}
	return e.drop(context.WithoutCancel(ctx), old)
}

// fill feeds a new index. It is not refreshed meanwhile: nobody reads it.
func (e *Engine) fill(ctx context.Context, name string, feed func(ctx context.Context, after uint64) ([]index.Change, error)) (uint64, error) {
	if err := e.refreshEvery(ctx, name, "-1"); err != nil {
		return 0, err
	}
	sequence := uint64(0)
	for {
		changes, err := feed(ctx, sequence)
		if err != nil || len(changes) == 0 {
			return sequence, err
		}
		if sequence, err = e.write(ctx, name, "", sequence, changes); err != nil {
			return 0, err
		}
		e.rebuild.set(func(r *index.Rebuild) {
			r.Documents += len(changes)
			r.Sequence = sequence
		})
	}
}

// ready makes a filled index searchable, and waits until every shard has a copy that can be searched.
func (e *Engine) ready(ctx context.Context, name string) error {
	return errors.Join(e.refreshEvery(ctx, name, "1s"),
		e.client.do(ctx, http.MethodPost, "/"+name+"/_refresh", nil, long, nil),
		e.client.do(ctx, http.MethodGet, "/_cluster/health/"+name+"?wait_for_status=yellow&timeout=30s", nil, long, nil))
}

func (e *Engine) refreshEvery(ctx context.Context, name, interval string) error {
	return e.client.do(ctx, http.MethodPut, "/"+name+"/_settings", encode(m{"index": m{"refresh_interval": interval}}), long, nil)
}

func (e *Engine) drop(ctx context.Context, name string) error {
	err := e.client.do(ctx, http.MethodDelete, "/"+name, nil, long, nil)
	if status(err) == http.StatusNotFound {
		return nil
	}
	return err
}

// Compact merges each shard into few segments. It takes minutes for a large index; searches go on meanwhile.
func (e *Engine) Compact(ctx context.Context) error {
	if err := e.open(); err != nil {
		return err
	}
	return e.client.do(ctx, http.MethodPost, "/"+e.present.Load().index+"/_forcemerge?max_num_segments=1", nil, 30*time.Minute, nil)
}

// Snapshot keeps a copy of the index under a name in a repository of the cluster, and waits until it is whole. The
// repository is a shared folder that every node's path.repo allows, given as location; with an empty one it must be there
// already, whatever its type.
func (e *Engine) Snapshot(ctx context.Context, repository, location, name string) error {
	repository, name = url.PathEscape(repository), url.PathEscape(name)
	if location != "" {
		body := encode(m{"type": "fs", "settings": m{"location": location}})
		if err := e.client.do(ctx, http.MethodPut, "/_snapshot/"+repository, body, long, nil); err != nil {
			return fmt.Errorf("register the repository %s: %w", repository, err)
		}
	}
	body := encode(m{"indices": e.present.Load().index, "include_global_state": false})
	var answer struct {
		Snapshot struct {
			State string `json:"state"`
		} `json:"snapshot"`
	}
	if err := e.client.do(ctx, http.MethodPut, "/_snapshot/"+repository+"/"+name+"?wait_for_completion=true", body, time.Hour, &answer); err != nil {
		return fmt.Errorf("snapshot %s: %w", name, err)
	}
	if answer.Snapshot.State != "SUCCESS" {
		return fmt.Errorf("snapshot %s is %s: look at GET /_snapshot/%s/%s", name, answer.Snapshot.State, repository, name)
	}
	return nil
}

// Audit names every document of the index with its kind. Whether its copies agree is the cluster's to see to.
func (e *Engine) Audit(ctx context.Context, visit func(id string, kind corpus.Kind)) error {
	v, err := e.view(ctx)
	if err != nil {
		return err
	}
	for _, kind := range corpus.Kinds() {
		if err := v.every(kind, func(h *hit) { visit(h.Source.ID, kind) }); err != nil {
			return fmt.Errorf("audit index %s: %w", v.index, err)
		}
	}
	return nil
}
