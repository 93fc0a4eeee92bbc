package main

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
)

// examineOthers checks the databases beside the store, such as the journal.
func (h *health) examineOthers(ctx context.Context, c *Config) {
	others, _ := filepath.Glob(filepath.Join(c.Data, "*.db")) // the pattern is good
	for _, name := range others {
		if name == c.storePath() {
			continue
		}
		if err := store.VerifyDatabase(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			h.fault("%s 有损坏：%v；请用 tongsou restore 从备份恢复，或停下 serve 后删除它", name, err)
		}
	}
}

// examineVectors reads the vectors of meaning, which a check of the database's pages does not understand.
func (h *health) examineVectors(ctx context.Context, s *store.Store) error {
	damaged, err := index.CheckVectors(ctx, s)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.fault("按意思查找的向量读不出来：%v；请用 tongsou restore 从备份恢复", err)
	}
	for _, d := range damaged {
		h.fault("按意思查找：%s；开着 semantic_lane 启动 serve，会自动重新计算这些向量，文档不受影响", d)
	}
	return nil
}

// match holds the documents of the index against those of the store, one by one.
func (h *health) match(ctx context.Context, c *Config, s *store.Store, e engine) error {
	indexed := map[string]corpus.Kind{}
	if err := e.Audit(ctx, func(id string, kind corpus.Kind) { indexed[id] = kind }); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.fault("索引里有读不出的段落：%v；%s", err, rebuild(c))
		return nil
	}
	missing := 0
	if err := s.IDs(ctx, func(id string, kind corpus.Kind) error {
		if indexed[id] != kind {
			missing++
		}
		delete(indexed, id)
		return nil
	}); err != nil {
		return err
	}
	if missing > 0 {
		h.fault("存储里的 %d 篇文档不在索引里；%s", missing, rebuild(c))
	}
	if len(indexed) > 0 {
		first := slices.Sorted(maps.Keys(indexed))[0]
		h.fault("索引里的 %d 篇文档不在存储里（如 %s）；%s", len(indexed), first, rebuild(c))
	}
	return nil
}
