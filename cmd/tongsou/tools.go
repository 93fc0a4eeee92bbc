package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"tongsou/corpus"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/eval"
	"tongsou/segment"
)

func segmentCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "segment 文本", Short: "看一段文字怎样分词",
		Example: "  tongsou segment 内蒙古自治区城乡居民基本养老保险参保登记",
		Args:    cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "输出 JSON，含字节位置")
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

func evalCommand() *cobra.Command {
	var corpusFile, queries, qrels, run string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "eval", Short: "用评测集衡量排序（BEIR 格式）",
		Example: "  tongsou eval --corpus corpus.jsonl --queries queries.jsonl --qrels qrels/dev.tsv --run out.trec",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&corpusFile, "corpus", "", "corpus.jsonl")
	cmd.Flags().StringVar(&queries, "queries", "", "queries.jsonl")
	cmd.Flags().StringVar(&qrels, "qrels", "", "dev.tsv：查询、文档、等级")
	cmd.Flags().StringVar(&run, "run", "", "把结果写成 TREC run")
	cmd.Flags().BoolVar(&asJSON, "json", false, "输出 JSON")
	for _, f := range []string{"corpus", "queries", "qrels"} {
		_ = cmd.MarkFlagRequired(f) // fails only for a flag that does not exist
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		set, err := eval.Load(corpusFile, queries, qrels)
		if err != nil {
			return err
		}
		report, runs, err := judge(cmd.Context(), set)
		if err != nil {
			return err
		}
		if run != "" {
			if err := writeRun(run, runs); err != nil {
				return err
			}
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), report)
		}
		fmt.Fprintln(cmd.OutOrStdout(), report)
		types := make([]string, 0, len(report.Types))
		for t := range report.Types {
			types = append(types, t)
		}
		sort.Strings(types)
		for _, t := range types {
			fmt.Fprintf(cmd.OutOrStdout(), "  %-12s nDCG@10 %.4f\n", t, report.Types[t])
		}
		return nil
	}
	return cmd
}

// judge indexes the set in a temporary folder and runs its queries.
func judge(ctx context.Context, set *eval.Set) (report eval.Report, runs []eval.Run, err error) {
	dir, err := os.MkdirTemp("", "tongsou-eval-")
	if err != nil {
		return report, nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	e, err := embedded.Open(embedded.Options{Path: dir})
	if err != nil {
		return report, nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if err := eval.Index(ctx, e, set); err != nil {
		return report, nil, err
	}
	return eval.Judge(ctx, e, set)
}

func writeRun(path string, runs []eval.Run) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("写不了 %s：%w", path, err)
	}
	return errors.Join(eval.WriteTREC(f, runs, "tongsou"), f.Close())
}

func checkCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "check", Short: "核对存储与索引，并说明怎样修复",
		Example: "  tongsou check --data D", Args: cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "输出 JSON")
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
		e, err := openEngine(c)
		if err != nil {
			return err
		}
		defer func() { _ = e.Close() }()
		h, err := examine(cmd.Context(), s, e)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), h)
		}
		h.print(cmd.OutOrStdout(), c)
		if len(h.Faults) > 0 {
			return fmt.Errorf("发现 %d 处不符", len(h.Faults))
		}
		return nil
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

func examine(ctx context.Context, s *store.Store, e *embedded.Engine) (*health, error) {
	h := &health{Faults: []string{}}
	if err := s.Verify(ctx); err != nil {
		return nil, err
	}
	var err error
	if h.Store, err = s.Count(ctx); err != nil {
		return nil, err
	}
	if h.StoreSequence, err = s.Sequence(ctx); err != nil {
		return nil, err
	}
	if h.Index, err = e.Status(ctx); err != nil {
		return nil, err
	}
	if h.Index.Sequence != h.StoreSequence {
		h.Faults = append(h.Faults, fmt.Sprintf("索引停在第 %d 号变更，存储已到第 %d 号；再运行一次 ingest 或启动 serve 即可赶上", h.Index.Sequence, h.StoreSequence))
	}
	for _, k := range corpus.Kinds() {
		if h.Store[k] != h.Index.Documents[k] && h.Index.Sequence == h.StoreSequence {
			h.Faults = append(h.Faults, fmt.Sprintf("%s：存储有 %d 篇，索引有 %d 篇；删除数据目录下的 index 文件夹，再启动 serve 即可重建", index.KindLabel(k), h.Store[k], h.Index.Documents[k]))
		}
	}
	if e.Stale() {
		h.Faults = append(h.Faults, "索引由另一版本的词典或程序建立；启动 serve 会在后台重建，期间照常可搜")
	}
	return h, nil
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
