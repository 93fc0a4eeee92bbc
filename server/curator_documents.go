package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"regexp"
	"time"
	"unicode/utf8"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/server/curation"
)

// Intake is the store of record as documents are put into it and deleted from it.
type Intake interface {
	Put(ctx context.Context, docs []*corpus.Document) (store.Summary, error)
	Delete(ctx context.Context, id string) (store.Summary, error)
	// AddRun records what was taken in, so that the desk shows it among the ingests.
	AddRun(ctx context.Context, r store.Run) error
}

// Syncer is an Intake that can bring a source up to a complete list of it.
type Syncer interface {
	// DeleteOthers takes the source out of every document for which still is false, and tells which are gone by that; nothing
	// goes, and the error is a *store.TooManyError, when that is more than the share most of the source's documents.
	DeleteOthers(ctx context.Context, source string, most float64, still func(id, file string) bool) (gone []string, sum store.Summary, err error)
}

// Bounds on bulk requests. A body is read line by line and never held as a whole; what is answered is.
const (
	maxBulkBody  = 64 << 20
	maxBulkLine  = 4 << 20
	maxBulkLines = 20000
	bulkTime     = 2 * time.Minute
	bulkBatch    = 500
	bulkBytes    = 8 << 20
	maxRunFaults = 1000
)

// bulkResult says what became of the lines of a bulk request, one after the other.
type bulkResult struct {
	store.Summary
	Lines    int `json:"lines"`
	Rejected int `json:"rejected"`
	// Stopped says why lines were left unread, empty when all were read. What stands in Results counts all the same.
	Stopped string `json:"stopped,omitempty"`
	// Kept says why a request for the whole of a source deleted nothing, empty when it did what it had to.
	Kept    string     `json:"kept,omitempty"`
	Results []bulkLine `json:"results"`
}

// bulkLine is what became of one line.
type bulkLine struct {
	Line   int    `json:"line"` // from 1
	ID     string `json:"id,omitempty"`
	Status string `json:"status"` // stored, deleted, absent, rejected
	// Problems name the fields at fault; a document with warnings alone is stored.
	Problems []corpus.Problem `json:"problems,omitempty"`
}

// bulkWork is one bulk request.
type bulkWork struct {
	*curator
	ctx     context.Context
	source  string
	result  bulkResult
	batch   []*corpus.Document
	bytes   int
	seen    map[string]int // line by ID
	faults  []string
	deletes bool
	sync    bool              // the lines are all that the source has
	file    string            // what the documents come in
	gone    []string          // what the source no longer has
	before  map[string]string // titles of what was deleted, by ID
}

func (c *curator) putDocuments(w http.ResponseWriter, r *http.Request, who principal) error {
	return c.bulkRequest(w, r, who, false)
}

func (c *curator) deleteDocuments(w http.ResponseWriter, r *http.Request, who principal) error {
	return c.bulkRequest(w, r, who, true)
}

// reSource is what a source may be called, reIdempotency what an idempotency key may be.
var (
	reSource      = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ._/-]{0,99}$`)
	reIdempotency = regexp.MustCompile(`^[\x21-\x7e]{8,200}$`)
)

// bulkRequest reads the lines of a request and does what each says. A request with an Idempotency-Key that was answered within
// the last day gets that answer again and does nothing.
func (c *curator) bulkRequest(w http.ResponseWriter, r *http.Request, who principal, deletes bool) error {
	source, key, err := c.bulkParams(r, who)
	if err != nil {
		return err
	}
	sync, err := c.wantsSync(r, deletes)
	if err != nil {
		return err
	}
	if !c.bulk.TryLock() {
		return errBulkBusy
	}
	defer c.bulk.Unlock()
	// A large body takes longer than a page: until it is read, and as long again to answer.
	control := http.NewResponseController(w)
	end := time.Now().Add(bulkTime)
	for _, set := range []func(time.Time) error{control.SetReadDeadline, control.SetWriteDeadline} {
		if err := set(end); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("make time for a bulk request: %w", err)
		}
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(r.Context()), end)
	defer cancel()
	body := &hashed{Reader: http.MaxBytesReader(w, r.Body, maxBulkBody), hash: sha256.New()}
	if key != "" {
		if done, err := c.replay(ctx, w, key, body); done || err != nil {
			return err
		}
	}
	work := &bulkWork{curator: c, ctx: ctx, source: source, seen: map[string]int{}, deletes: deletes, sync: sync, file: "api", before: map[string]string{}}
	if sync {
		work.file = "sync " + rand.Text() // by it what comes now is told from what came before
	}
	began := c.options.Now()
	status, err := work.run(body)
	if err == nil {
		err = work.synchronize()
	}
	if noted := work.note(who, began); err == nil {
		err = noted
	}
	if err != nil {
		return err
	}
	return c.answerBulk(ctx, w, key, body.sum(), status, &work.result)
}

func (c *curator) bulkParams(r *http.Request, who principal) (source, key string, err error) {
	if c.options.Intake == nil {
		return "", "", errNoRoute
	}
	if err := known(r.URL.Query(), []string{"source", "sync"}); err != nil {
		return "", "", err
	}
	if source = r.URL.Query().Get("source"); source == "" {
		source = "api"
	}
	if !reSource.MatchString(source) || !utf8.ValidString(source) {
		return "", "", &paramError{"source", "应为 1 到 100 个字的来源名称"}
	}
	if key = r.Header.Get("Idempotency-Key"); key == "" {
		return source, "", nil
	}
	if !reIdempotency.MatchString(key) {
		return "", "", &paramError{"Idempotency-Key", "应为 8 到 200 个可见的 ASCII 字符"}
	}
	return source, who.ID + " " + r.Method + " " + source + r.URL.Query().Get("sync") + " " + key, nil
}

// wantsSync reports whether the lines are the whole of their source, so that what is missing among them is to be deleted.
func (c *curator) wantsSync(r *http.Request, deletes bool) (bool, error) {
	switch r.URL.Query().Get("sync") {
	case "", "0":
		return false, nil
	case "1":
		if _, ok := c.options.Intake.(Syncer); !ok || deletes {
			return false, &paramError{"sync", "只能与写入一起用"}
		}
		if r.URL.Query().Get("source") == "" {
			return false, &paramError{"source", "整份同步要写明来源，以免删去别的文档"}
		}
		return true, nil
	}
	return false, &paramError{"sync", "应为 1 或 0"}
}

// synchronize deletes what the source has and the request does not. Nothing is when a line was left unread or refused: it may be
// one of those.
func (b *bulkWork) synchronize() error {
	to, ok := b.options.Intake.(Syncer)
	switch {
	case !b.sync || !ok:
		return nil
	case b.result.Stopped != "" || b.result.Rejected > 0:
		b.result.Kept = "有的行没有收下，所以没有删去其余的文档；请改正后重发整份"
		return nil
	case len(b.seen) == 0:
		b.result.Kept = "一篇也没有，所以没有删去其余的文档；要删去整个来源，请用 tongsou ingest --remove"
		return nil
	}
	gone, sum, err := to.DeleteOthers(b.ctx, b.source, 1, func(_, file string) bool { return file == b.file })
	if err != nil {
		return fmt.Errorf("delete what %s no longer has: %w", b.source, err)
	}
	b.gone = gone
	b.result.Add(sum)
	return nil
}

// hashed reads a body and remembers what was read as a hash.
type hashed struct {
	io.Reader
	hash hash.Hash
}

// Read implements io.Reader.
func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	_, _ = h.hash.Write(p[:n]) // a hash takes everything
	return n, err
}

func (h *hashed) sum() string { return hex.EncodeToString(h.hash.Sum(nil)) }

// replay answers a request whose idempotency key was used before, and reports whether it did.
func (c *curator) replay(ctx context.Context, w http.ResponseWriter, key string, body *hashed) (bool, error) {
	a, known, err := c.store.Answered(ctx, key)
	if err != nil || !known {
		return false, err
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return false, bodyError(err)
	}
	if body.sum() != a.Body {
		return false, errKeyReused
	}
	w.Header().Set("Idempotency-Replayed", "true")
	writeRaw(w, a.Status, a.Answer)
	return true, nil
}

func (c *curator) answerBulk(ctx context.Context, w http.ResponseWriter, key, body string, status int, result *bulkResult) error {
	result.Results = orNone(result.Results)
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	if key != "" && status == http.StatusOK {
		if err := c.store.Remember(ctx, key, curation.Answer{Body: body, Status: status, Answer: raw}); err != nil {
			return err
		}
	}
	writeRaw(w, status, raw)
	return nil
}

func writeRaw(w http.ResponseWriter, status int, raw []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // the client is gone if this fails
}

// run reads line by line. What makes it stop early is said in the result; what was stored before stays.
func (b *bulkWork) run(body io.Reader) (status int, err error) {
	lines := bufio.NewReaderSize(body, 64<<10)
	for {
		line, err := readLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			return b.stop(err)
		}
		last := errors.Is(err, io.EOF)
		if last && len(line) == 0 {
			break
		}
		if b.result.Lines == maxBulkLines {
			return b.stop(errTooManyLines)
		}
		b.result.Lines++
		if line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff"))); len(line) > 0 {
			if err := b.take(line); err != nil {
				return 0, err
			}
		}
		if last {
			break
		}
	}
	return http.StatusOK, b.flush()
}

var (
	errLongLine     = errors.New("a line is too long")
	errTooManyLines = errors.New("too many lines")
)

// readLine reads one line of bounded length.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxBulkLine {
			return nil, errLongLine
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// stop ends the work early: what was read so far is kept, and the result says that there was more.
func (b *bulkWork) stop(why error) (int, error) {
	if err := b.flush(); err != nil {
		return 0, err
	}
	status := http.StatusRequestEntityTooLarge
	switch {
	case errors.Is(why, errLongLine):
		b.result.Stopped = fmt.Sprintf("第 %d 行超过 %d MB，其后没有读；请缩短后再发", b.result.Lines+1, maxBulkLine>>20)
	case errors.Is(why, errTooManyLines):
		b.result.Stopped = fmt.Sprintf("一次最多 %d 行，其后没有读；请分几次发", maxBulkLines)
	case errors.As(why, new(*http.MaxBytesError)):
		b.result.Stopped = fmt.Sprintf("一次最多 %d MB，第 %d 行起没有收；请分几次发", maxBulkBody>>20, b.result.Lines+1)
	default:
		status, b.result.Stopped = http.StatusBadRequest, fmt.Sprintf("第 %d 行没有收完整，连接断了或太慢；请重发", b.result.Lines+1)
	}
	return status, nil
}

func bodyError(err error) error {
	if errors.As(err, new(*http.MaxBytesError)) {
		return errTooLargeBody
	}
	return &paramError{"正文", "没有收完整，请重发"}
}

var errTooLargeBody = errors.New("the body is too large")

func (b *bulkWork) take(line []byte) error {
	if b.deletes {
		return b.delete(line)
	}
	d := new(corpus.Document)
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(d); err != nil {
		b.reject("", fieldOf(err), "读不懂："+err.Error())
		return nil
	}
	if decoder.More() {
		b.reject(d.ID, "", "一行只能有一个对象")
		return nil
	}
	d.Source = corpus.Source{Name: b.source, File: b.file, Line: b.result.Lines}
	problems := corpus.Check(d)
	if first, twice := b.seen[d.ID]; twice && !corpus.Rejected(problems) {
		problems = append([]corpus.Problem{{Severity: corpus.Reject, Field: "编号", Reason: fmt.Sprintf("与第 %d 行编号相同，只收了那一行", first)}}, problems...)
	}
	if corpus.Rejected(problems) {
		b.add(bulkLine{ID: clipText(d.ID), Status: "rejected", Problems: problems})
		return nil
	}
	b.seen[d.ID] = b.result.Lines
	b.add(bulkLine{ID: d.ID, Status: "stored", Problems: problems})
	b.batch = append(b.batch, d)
	if b.bytes += len(line); len(b.batch) >= bulkBatch || b.bytes >= bulkBytes {
		return b.flush()
	}
	return nil
}

// fieldOf is the field at which decoding failed, where the decoder says it.
func fieldOf(err error) string {
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return wrong.Field
	}
	return ""
}

// clipText keeps what somebody sent from filling an answer or a page.
func clipText(s string) string {
	if r := []rune(s); len(r) > 500 {
		return string(r[:500]) + "…"
	}
	return s
}

// lineID is the ID that a line is: "x", or {"id": "x"}; empty when it is neither.
func lineID(line []byte) string {
	var id string
	if json.Unmarshal(line, &id) == nil {
		return id
	}
	var named struct {
		ID string `json:"id"`
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&named) != nil || decoder.More() {
		return ""
	}
	return named.ID
}

// delete takes a line that is an ID.
func (b *bulkWork) delete(line []byte) error {
	id := lineID(line)
	if id == "" {
		b.reject("", "id", `应为一个编号，如 "x" 或 {"id": "x"}`)
		return nil
	}
	if doc, err := b.options.Library.Get(b.ctx, id); err == nil && len(b.before) < maxNoted {
		b.before[id] = doc.Title // for the log: afterwards nobody can look it up
	}
	sum, err := b.options.Intake.Delete(b.ctx, id)
	if err != nil {
		return err
	}
	b.result.Add(sum)
	status := "deleted"
	if sum.Deleted == 0 {
		status = "absent"
	}
	b.add(bulkLine{ID: clipText(id), Status: status})
	return nil
}

func (b *bulkWork) reject(id, field, reason string) {
	b.add(bulkLine{ID: clipText(id), Status: "rejected", Problems: []corpus.Problem{{Severity: corpus.Reject, Field: field, Reason: reason}}})
}

func (b *bulkWork) add(l bulkLine) {
	l.Line = b.result.Lines
	if l.Status == "rejected" {
		b.result.Rejected++
	}
	for _, p := range l.Problems {
		if len(b.faults) < maxRunFaults {
			b.faults = append(b.faults, fmt.Sprintf("api:%d: %s: %s", l.Line, p.Field, p.Reason))
		}
	}
	b.result.Results = append(b.result.Results, l)
}

func (b *bulkWork) flush() error {
	if len(b.batch) == 0 {
		return nil
	}
	sum, err := b.options.Intake.Put(b.ctx, b.batch)
	if err != nil {
		return fmt.Errorf("store what was sent: %w", err)
	}
	b.result.Add(sum)
	b.batch, b.bytes = b.batch[:0], 0
	return nil
}

// maxNoted is the number of documents of one request that the log names.
const maxNoted = 100

// note records the work among the ingests and in the log of changes, even when it failed half-way.
func (b *bulkWork) note(who principal, began time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.ctx), 10*time.Second)
	defer cancel()
	action := curation.DocumentsPut
	if b.deletes {
		action = curation.DocumentsDeleted
	}
	var ids []string
	for _, l := range b.result.Results {
		if l.Status != "rejected" && len(ids) < maxNoted {
			ids = append(ids, l.ID)
		}
	}
	after := map[string]any{"lines": b.result.Lines, "rejected": b.result.Rejected, "summary": b.result.Summary, "ids": orNone(ids)}
	if len(b.gone) > 0 {
		after["gone"] = b.gone[:min(len(b.gone), maxNoted)]
	}
	var before any
	if len(b.before) > 0 {
		before = b.before
	}
	if err := b.options.Curation.Note(ctx, who.Name, action, b.source, before, after); err != nil {
		return err
	}
	return b.options.Intake.AddRun(ctx, store.Run{Source: b.source, Started: began, Finished: b.options.Now(), Summary: b.result.Summary, Faults: b.faults})
}
