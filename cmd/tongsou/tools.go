package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/segment"
)

func segmentCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "segment 文本", Short: "看一段文字怎样分词",
		Example: "  tongsou segment 内蒙古自治区城乡居民基本养老保险参保登记",
		Args:    someArgs("要分词的文字"),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出，含字节位置")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := segment.Default()
		if err != nil {
			return err
		}
		text := strings.Join(args, " ")
		words, grams := s.Analyze(text)
		if asJSON {
			return printJSON(cmd.OutOrStdout(), map[string]any{"text": text, "normalized": segment.Fold(text), "words": words, "grams": grams})
		}
		fmt.Fprintln(cmd.OutOrStdout(), "规整：", segment.Fold(text))
		fmt.Fprintln(cmd.OutOrStdout(), "词：  ", joinTokens(words, false))
		fmt.Fprintln(cmd.OutOrStdout(), "词中词：", joinTokens(words, true))
		fmt.Fprintln(cmd.OutOrStdout(), "字组：", joinTokens(grams, false))
		return nil
	}
	return cmd
}

func joinTokens(tokens []segment.Token, parts bool) string {
	var list []string
	for _, t := range tokens {
		if t.Part == parts {
			list = append(list, t.Text)
		}
	}
	return strings.Join(list, " / ")
}

func checkCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "check", Short: "核对存储与索引，并说明怎样修复",
		Long: `逐页核对存储与索引文件的校验和，再核对索引是否与存储一致，只看不改。不符时说明怎样修复，并以 1 退出。
--deep 再核对每一篇：存储的各项登记、按意思查找的向量、索引里的每个段落，以及两边的文档是否一一对应。
serve 正在使用的数据目录要先停下 serve 再核对；备份随时可以用 restore --check 核对。`,
		Example: `  tongsou check --data D
  tongsou check --data D --deep`, Args: noArgs,
	}
	var deep bool
	cmd.Flags().BoolVar(&deep, "deep", false, "逐篇核对，读两遍全部数据")
	addFlags(cmd, "data", "cache_mb")
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		s, err := openStore(cmd.Context(), c, false)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		h, err := examine(cmd.Context(), c, s, deep)
		if err != nil {
			return err
		}
		if asJSON {
			err = printJSON(cmd.OutOrStdout(), h)
		} else {
			h.print(cmd.OutOrStdout(), c)
		}
		if err == nil && len(h.Faults) > 0 {
			err = fmt.Errorf("发现 %d 处不符", len(h.Faults))
		}
		return err
	}
	return cmd
}

// health compares the store with the index.
type health struct {
	Store         map[corpus.Kind]int `json:"store"`
	StoreSequence uint64              `json:"store_sequence"`
	Index         index.Status        `json:"index"`
	Faults        []string            `json:"faults"`
}

func examine(ctx context.Context, c *Config, s *store.Store, deep bool) (*health, error) {
	h := &health{Faults: []string{}, Index: index.Status{Documents: map[corpus.Kind]int{}}}
	verify := s.Verify
	if deep {
		verify = s.VerifyDeep
	}
	if err := verify(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		h.fault("存储有损坏：%v；请用 tongsou restore 从备份恢复，没有备份就换一个数据目录，重新收入", err)
	}
	if deep {
		h.examineOthers(ctx, c)
		if err := h.examineVectors(ctx, s); err != nil {
			return nil, err
		}
	}
	var err error
	if h.Store, err = s.Count(ctx); err != nil {
		return nil, err
	}
	if h.StoreSequence, err = s.Sequence(ctx); err != nil {
		return nil, err
	}
	// Opening an index that is not there would make one, and a check only looks.
	if _, err := os.Stat(c.indexPath()); c.Engine == engineEmbedded && errors.Is(err, os.ErrNotExist) {
		h.fault("没有索引；启动 serve 或再运行一次 ingest 即可从存储重建")
		return h, nil
	}
	e, err := openEngine(c)
	if errors.Is(err, index.ErrLocked) {
		return nil, orElse(err, "请先停止它，再运行 check")
	}
	if err != nil {
		h.fault("打不开索引：%v；%s", err, rebuild(c))
		return h, nil
	}
	err = h.compare(ctx, c, e)
	if err == nil && deep && len(h.Faults) == 0 {
		err = h.match(ctx, c, s, e)
	}
	return h, errors.Join(err, e.Close())
}

// rebuild says how to make the index anew. The store is the truth, so nothing is lost.
func rebuild(c *Config) string {
	return fmt.Sprintf("请运行 tongsou rebuild --data %s，或启动 serve，即从存储重建", c.Data)
}

// foreignIndex says that an index has seen more than the store ever told.
func foreignIndex(seen, last uint64) string {
	return fmt.Sprintf("索引已到第 %d 号变更，存储只到第 %d 号：索引属于另一个存储，或存储丢了最后的变更", seen, last)
}

func (h *health) compare(ctx context.Context, c *Config, e engine) error {
	state := e.Health()
	for _, f := range state.Faults {
		h.fault("%s；%s", f, rebuild(c))
	}
	if state.Blind {
		return nil
	}
	var err error
	if h.Index, err = e.Status(ctx); err != nil {
		return err
	}
	switch seen := h.Index.Sequence; {
	case len(state.Faults) > 0:
	case seen > h.StoreSequence:
		h.fault("%s；%s", foreignIndex(seen, h.StoreSequence), rebuild(c))
	case seen < h.StoreSequence:
		h.fault("索引停在第 %d 号变更，存储已到第 %d 号；启动 serve 或再运行一次 ingest 即可赶上", seen, h.StoreSequence)
	default:
		for _, k := range corpus.Kinds() {
			if h.Store[k] != h.Index.Documents[k] {
				h.fault("%s：存储有 %d 篇，索引有 %d 篇；%s", index.KindLabel(k), h.Store[k], h.Index.Documents[k], rebuild(c))
			}
		}
	}
	if e.Stale() {
		h.fault("索引由另一版本的词典或程序建立；启动 serve 会在后台重建，期间照常可搜")
	}
	return nil
}

func (h *health) fault(format string, args ...any) {
	h.Faults = append(h.Faults, fmt.Sprintf(format, args...))
}

func (h *health) print(w io.Writer, c *Config) {
	fmt.Fprintf(w, "数据目录 %s\n", c.Data)
	for _, k := range corpus.Kinds() {
		fmt.Fprintf(w, "  %s：存储 %d 篇，索引 %d 篇\n", index.KindLabel(k), h.Store[k], h.Index.Documents[k])
	}
	fmt.Fprintf(w, "  变更：存储到第 %d 号，索引到第 %d 号；索引 %d 个段落，%.1f MB\n", h.StoreSequence, h.Index.Sequence, h.Index.Units, float64(h.Index.Bytes)/1e6)
	for _, f := range h.Faults {
		fmt.Fprintln(w, "  不符："+f)
	}
	if len(h.Faults) == 0 {
		fmt.Fprintln(w, "  相符。")
	}
}
