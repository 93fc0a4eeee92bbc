package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gorilla/mux"

	"tongsou/index"
	"tongsou/server/curation"
)

// The errors of those who want to change something.
var (
	errNoKey        = errors.New("no key that works")
	errRole         = errors.New("the key's role does not suffice")
	errTooManyTries = errors.New("too many wrong keys")
	errUnmeasured   = errors.New("the effect was not looked at")
	errBulkBusy     = errors.New("another bulk request is under way")
	errKeyReused    = errors.New("the idempotency key was used for another body")
)

// principal is who makes a request: the bearer of a key, or of the key of the configuration, whose ID is empty.
type principal struct {
	ID, Name string
	Role     curation.Role
}

// bootstrap is who gives the key of the configuration.
var bootstrap = principal{Name: "配置里的口令", Role: curation.Owner}

// curator is what changes the site's answers: keys, entries and documents, over the admin API (/api/v1/admin/…) and on the
// staff desk, which both come here.
type curator struct {
	*Server
	store  *curation.Store // nil: nothing can be changed
	engine index.Overlayer
	plain  index.Searcher // the engine, whose answers here are counted nowhere
	keyed  bool
	key    [sha256.Size]byte
	tries  *limiter
	bulk   sync.Mutex // one bulk request at a time

	publishing sync.Mutex
	measured   atomic.Pointer[string] // the revision whose effect was looked at last
	version    atomic.Int64           // what is published; part of every answer's ETag

	stop     context.CancelFunc // of watching what other servers publish
	watching sync.WaitGroup
}

// newCurator puts what was published last into force. engine is the engine itself, without what the server wraps it in.
func newCurator(s *Server, engine Engine) (*curator, error) {
	admin := strings.TrimSpace(s.options.AdminKey)
	c := &curator{
		Server: s, store: s.options.Curation, keyed: admin != "", key: sha256.Sum256([]byte(admin)),
		tries: newLimiter(maxTries, triesWindow, s.options.Now),
	}
	if c.store == nil {
		return c, nil
	}
	bends, ok := engine.(index.Overlayer)
	if !ok {
		return nil, errors.New("the engine takes no overlay; leave out Options.Curation")
	}
	c.engine, c.plain = bends, engine
	now, err := c.store.Current(context.Background())
	if err != nil {
		return nil, err
	}
	if err := c.enforce(now); err != nil {
		// Another version of the program may read a word otherwise. Answers without the entries are better than none.
		c.options.Log.Error("what was published last is not in force; look at it on the desk and publish it again", "version", now.ID, "error", err)
	}
	return c, nil
}

// enforce makes a version count.
func (c *curator) enforce(v curation.Version) error {
	if err := c.engine.SetOverlay(v.Entries.Overlay()); err != nil {
		return fmt.Errorf("put version %d into force: %w", v.ID, err)
	}
	c.version.Store(v.ID)
	c.popular.forget() // it may hold names that are denied now
	return nil
}

// identify returns who gives a key. The key of the configuration is compared by its hash and in constant time, like the
// others.
func (c *curator) identify(ctx context.Context, text string) (principal, error) {
	given := sha256.Sum256([]byte(strings.TrimSpace(text)))
	if subtle.ConstantTimeCompare(given[:], c.key[:]) == 1 && c.keyed {
		return bootstrap, nil
	}
	if c.store == nil {
		return principal{}, errNoKey
	}
	k, err := c.store.Identify(ctx, text)
	if errors.Is(err, curation.ErrNotFound) {
		return principal{}, errNoKey
	}
	return principal{k.ID, k.Name, k.Role}, err
}

// still returns who a key belongs to now: one that was revoked or has expired opens nothing any more.
func (c *curator) still(ctx context.Context, id string) (principal, bool) {
	if id == "" {
		return bootstrap, c.keyed
	}
	if c.store == nil {
		return principal{}, false
	}
	k, err := c.store.Key(ctx, id)
	return principal{k.ID, k.Name, k.Role}, err == nil && k.Works(c.options.Now())
}

// open reports whether there is any key to give.
func (c *curator) open(ctx context.Context) bool {
	if c.keyed || c.store == nil {
		return c.keyed
	}
	keys, err := c.store.Keys(ctx)
	return err == nil && len(keys) > 0
}

// adminHandler answers a request of somebody whose role suffices.
type adminHandler func(w http.ResponseWriter, r *http.Request, who principal) error

// routes adds the admin API. A browser never sends a key by itself, so no other site can make it change something here.
func (c *curator) routes(r *mux.Router) {
	if c.store == nil {
		return
	}
	for _, route := range []struct {
		method, path string
		role         curation.Role
		handle       adminHandler
	}{
		{http.MethodGet, "entries", curation.Reader, c.getEntries},
		{http.MethodPost, "entries", curation.Editor, c.addEntry},
		{http.MethodPut, "entries/{id:[0-9]+}", curation.Editor, c.putEntry},
		{http.MethodDelete, "entries/{id:[0-9]+}", curation.Editor, c.deleteEntry},
		{http.MethodDelete, "draft", curation.Editor, c.dropDraft},
		{http.MethodGet, "effect", curation.Reader, c.getEffect},
		{http.MethodGet, "versions", curation.Reader, c.getVersions},
		{http.MethodPost, "versions", curation.Editor, c.postVersion},
		{http.MethodDelete, "versions/{id:[0-9]+}", curation.Editor, c.undoVersion},
		{http.MethodPost, "versions/{id:[0-9]+}/restore", curation.Editor, c.restoreVersion},
		{http.MethodGet, "proposals", curation.Reader, c.getProposals},
		{http.MethodPost, "proposals", curation.Editor, c.decideProposal},
		{http.MethodGet, "changes", curation.Reader, c.getChanges},
		{http.MethodGet, "upkeep", curation.Reader, c.getUpkeep},
		{http.MethodPost, "rebuild", curation.Owner, c.postRebuild},
		{http.MethodGet, "keys", curation.Owner, c.getKeys},
		{http.MethodPost, "keys", curation.Owner, c.createKey},
		{http.MethodDelete, "keys/{id}", curation.Owner, c.revokeKey},
		{http.MethodPost, "documents", curation.Editor, c.putDocuments},
		{http.MethodDelete, "documents", curation.Editor, c.deleteDocuments},
	} {
		r.Handle(adminPrefix+route.path, c.handle(c.allow(route.role, route.handle))).Methods(route.method)
	}
}

// allow lets somebody through whose role suffices. Wrong keys are counted, so that nobody tries many.
func (c *curator) allow(need curation.Role, h adminHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "no-store")
		if c.tries.left(r) <= 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(triesWindow.Seconds())))
			return errTooManyTries
		}
		scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			text = ""
		}
		who, err := c.identify(r.Context(), text)
		if errors.Is(err, errNoKey) {
			if text != "" {
				c.tries.allow(r)
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="tongsou"`)
		}
		if err != nil {
			return err
		}
		if !who.Role.May(need) {
			return errRole
		}
		return h(w, r, who)
	}
}

// maxAdminBody bounds the bodies of all but the bulk requests.
const maxAdminBody = 64 << 10

// readBody reads what a request brings into v. Fields that nobody knows are refused: a misspelt one would be dropped.
func readBody(w http.ResponseWriter, r *http.Request, v any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &paramError{"Content-Type", "应为 application/json"}
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminBody))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return &paramError{"正文", "读不懂：" + err.Error()}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &paramError{"正文", "只能有一个 JSON 对象"}
	}
	return nil
}

// pathID is the number in the address.
func pathID(r *http.Request) int64 {
	id, err := strconv.ParseInt(mux.Vars(r)["id"], 10, 64)
	if err != nil {
		return -1 // too large for anything that there is
	}
	return id
}

func writeCreated(w http.ResponseWriter, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(append(raw, '\n')) // the client is gone if this fails
	return nil
}

func noContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// newKeyAnswer is a key that was just made, with its secret.
type newKeyAnswer struct {
	curation.Key
	Secret string `json:"secret"`
}

func (c *curator) getKeys(w http.ResponseWriter, r *http.Request, _ principal) error {
	keys, err := c.store.Keys(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, map[string][]curation.Key{"keys": orNone(keys)})
}

func (c *curator) createKey(w http.ResponseWriter, r *http.Request, who principal) error {
	var n curation.NewKey
	if err := readBody(w, r, &n); err != nil {
		return err
	}
	k, secret, err := c.store.CreateKey(r.Context(), who.Name, n)
	if err != nil {
		return err
	}
	return writeCreated(w, newKeyAnswer{k, secret})
}

func (c *curator) revokeKey(w http.ResponseWriter, r *http.Request, who principal) error {
	if err := c.store.Revoke(r.Context(), who.Name, mux.Vars(r)["id"]); err != nil {
		return err
	}
	return noContent(w)
}

// maxChanges is the number of lines of the log that one answer holds.
const maxChanges = 100

func (c *curator) getChanges(w http.ResponseWriter, r *http.Request, _ principal) error {
	values := r.URL.Query()
	if err := known(values, []string{"before", "limit"}); err != nil {
		return err
	}
	p := &params{values: values}
	before, limit := p.number("before", 1, 1<<31-1), p.number("limit", 1, maxChanges)
	if p.err != nil {
		return p.err
	}
	if limit == 0 {
		limit = maxChanges
	}
	list, err := c.store.Changes(r.Context(), int64(before), limit)
	if err != nil {
		return err
	}
	return writeJSON(w, map[string][]curation.Change{"changes": orNone(list)})
}

// orNone makes a list that is written as [] rather than null.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
