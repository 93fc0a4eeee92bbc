package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/eval"
	"tongsou/server/journal"
)

// engineMove is the part of a migration that moves the index from one engine to the other: it is built there from the store
// while the old one answers, and both have to give the same answers before anything is switched.
type engineMove struct {
	from, to *Config
	say      func(format string, args ...any)
	target   engine
	// Name is the engine that was moved to, Answers how alike the two answered.
	Name    string          `json:"name"`
	Answers *eval.Agreement `json:"answers"`
	// Documents and Sequence are what the new index holds.
	Documents map[corpus.Kind]int `json:"documents"`
	Sequence  uint64              `json:"sequence"`
}

// How many queries are asked of both engines, and how long the titles may be that stand for queries nobody has typed yet.
const (
	sampleQueries    = 100
	sampleTitleRunes = 16
)

// prepare builds the new index from a store that is in use, and compares the answers. It takes as long as indexing all
// documents does; writers need not wait.
func (m *engineMove) prepare(ctx context.Context, s *store.Store) error {
	source, done, err := m.source(ctx, s)
	if err != nil {
		return err
	}
	defer done()
	if m.target, err = m.open(); err != nil {
		return err
	}
	m.say("正在 %s 上从存储建立索引；现有的照常回答", m.Name)
	if err := m.target.Rebuild(ctx, index.Feed(s)); err != nil {
		return fmt.Errorf("在 %s 上建立索引：%w", m.Name, err)
	}
	if err := m.target.Learn(ctx); err != nil {
		return err
	}
	queries, err := m.sample(ctx, s)
	if err != nil {
		return err
	}
	if m.Answers, err = eval.Agree(ctx, source, m.target, queries); err != nil {
		return err
	}
	if !m.Answers.Same() {
		return fmt.Errorf("两个引擎的回答不同：%d 个查询的前十条平均只有 %.1f%% 相同（应不少于 %.0f%%），差得最多的是 %s；请先用 tongsou check --deep 核对现有的索引",
			m.Answers.Queries, 100*m.Answers.Overlap, 100*eval.LeastAgreement, m.Answers)
	}
	return nil
}

// open opens the new index. An embedded one must be in a data directory that no serve has in use.
func (m *engineMove) open() (engine, error) {
	if m.to.Engine == engineOpenSearch {
		e, err := dial(m.to)
		if err != nil {
			return nil, err
		}
		return e, nil
	}
	e, err := openEmbedded(m.to)
	if err != nil {
		return nil, orElse(err, "请用 --data 换一个新的数据目录来放内置的索引，或先停下它")
	}
	return e, nil
}

// source opens the index in use to be asked: on the cluster, in the data directory, or a copy that the serve makes that
// holds it. It is brought up to the store.
func (m *engineMove) source(ctx context.Context, s *store.Store) (index.Searcher, func(), error) {
	if m.from.Engine == engineOpenSearch {
		e, err := dial(m.from)
		if err != nil {
			return nil, nil, err
		}
		if e.Sequence() == 0 {
			return nil, nil, errors.Join(errors.New("集群上还没有索引，没有可比的"), e.Close())
		}
		return e, func() { _ = e.Close() }, nil
	}
	if _, err := os.Stat(m.from.indexPath()); err != nil {
		return nil, nil, fmt.Errorf("数据目录 %s 里还没有索引，没有可比的；请先运行 tongsou rebuild", m.from.Data)
	}
	dir := ""
	e, err := openEmbedded(m.from)
	if errors.Is(err, index.ErrLocked) {
		dir = filepath.Join(m.from.asksPath(), askName()+".copy")
		if err = askServe(ctx, m.from, ask{Do: askCopy, To: filepath.Base(dir)}); err == nil {
			e, err = embedded.Open(embedded.Options{Path: dir, Shards: m.from.Shards, CacheBytes: int64(m.from.CacheMB) << 20})
		}
	}
	done := func() {
		if e != nil {
			_ = e.Close() // it was read
		}
		if dir != "" {
			_ = os.RemoveAll(dir) // of no more use
		}
	}
	if err == nil {
		_, err = index.CatchUp(ctx, s, e, nil)
	}
	if err == nil {
		err = e.Learn(ctx)
	}
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("打开现有的索引：%w", err)
	}
	return e, done, nil
}

// sample are what people searched for most, and titles where that is not enough.
func (m *engineMove) sample(ctx context.Context, s *store.Store) ([]string, error) {
	queries, err := m.asked(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	if err := s.IDs(ctx, func(id string, _ corpus.Kind) error {
		ids = append(ids, id)
		return nil
	}); err != nil {
		return nil, err
	}
	missing := max(0, sampleQueries-len(queries))
	for i := range min(missing, len(ids)) {
		d, err := s.Get(ctx, ids[i*len(ids)/min(missing, len(ids))])
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		title := []rune(d.Title)
		queries = append(queries, string(title[:min(len(title), sampleTitleRunes)]))
	}
	return queries, nil
}

// asked are the queries of the journal, the most frequent first.
func (m *engineMove) asked(ctx context.Context) (queries []string, err error) {
	if !m.from.isShared() && !exists(m.from.journalPath()) {
		return nil, nil
	}
	j, err := m.from.openJournal(ctx, journal.Options{Retention: days(m.from.JournalDays)})
	if err != nil {
		return nil, err
	}
	list, err := j.Queries(ctx, journal.Popular, time.Now().Add(-days(m.from.JournalDays)), sampleQueries)
	for _, q := range list {
		queries = append(queries, q.Query)
	}
	return queries, errors.Join(err, j.Close())
}

// verifyTries is how often the index is brought up to a store that goes on meanwhile.
const verifyTries = 5

// verify brings the new index up to a store and holds it against it, document by document. At a switch nobody writes; else
// it tries again when somebody did.
func (m *engineMove) verify(ctx context.Context, s *store.Store) error {
	var h *health
	for range verifyTries {
		if _, err := index.CatchUp(ctx, s, m.target, nil); err != nil {
			return err
		}
		h = &health{}
		var err error
		if h.Store, err = s.Count(ctx); err != nil {
			return err
		}
		if h.StoreSequence, err = s.Sequence(ctx); err != nil {
			return err
		}
		if err := errors.Join(h.compare(ctx, m.to, m.target), h.match(ctx, m.to, s, m.target)); err != nil {
			return err
		}
		if len(h.Faults) == 0 {
			m.Documents, m.Sequence = h.Index.Documents, h.Index.Sequence
			return nil
		}
	}
	return fmt.Errorf("%s 上的索引与存储不符：%s", m.Name, strings.Join(h.Faults, "；"))
}

// close ends with the new index, as far as there is one.
func (m *engineMove) close() error {
	if m == nil || m.target == nil {
		return nil
	}
	return m.target.Close()
}

// String says what was compared.
func (m *engineMove) String() string {
	n := 0
	for _, k := range m.Documents {
		n += k
	}
	return fmt.Sprintf("两个引擎相符：%s 上有 %d 篇文档，到第 %d 号变更；抽查 %d 个查询，前十条平均 %.1f%% 相同", m.Name, n, m.Sequence, m.Answers.Queries, 100*m.Answers.Overlap)
}
