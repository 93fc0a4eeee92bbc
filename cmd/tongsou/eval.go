package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/eval"
)

func evalCommand() *cobra.Command {
	var job evalJob
	cmd := &cobra.Command{
		Use: "eval", Short: "用评测集衡量排序（BEIR 格式）",
		Example: `  tongsou eval --corpus corpus.jsonl --queries queries.jsonl --qrels qrels/dev.tsv --run out.trec
  tongsou eval --fit --corpus 甲/corpus.jsonl --queries 甲/queries.jsonl --qrels 甲/dev.tsv \
    --corpus 乙/corpus.jsonl --queries 乙/queries.jsonl --qrels 乙/dev.tsv`,
		Long: `把评测集的文档收进一个临时索引，逐条查询，报告 nDCG@10、MRR@10、召回率与耗时。不碰数据目录。

评测集用 BEIR 格式：corpus.jsonl（_id、title、text），queries.jsonl（_id、text），
qrels 为制表符分隔的查询、文档、等级。三个参数可以成组重复，逐个衡量。

--together 把各评测集的文档收进同一个索引，像门户那样法规、政策、答复都在一起，再逐个衡量；只看答案所属的类别（事项、政策、新闻）。

--ablate 逐个去掉排序的一部分（词、扩展、标题 …），列出各评测集的 nDCG@10，看每一部分值多少。

--semantic 用已安装的模型（见 tongsou model），或 semantic_lane: endpoint 的向量服务，同时按意思查找。第一次要算出全部文档的向量，
每秒几十段，之后从 --vectors 的文件里读。

--fit 在给出的评测集上逐个调整排序权重，用交叉验证报告调整前后的结果，并列出调好的权重。`,
		Args: noArgs,
	}
	addFlags(cmd, "data", "semantic_threads")
	f := cmd.Flags()
	f.StringArrayVar(&job.corpora, "corpus", nil, "文档文件 corpus.jsonl（必填）")
	f.StringArrayVar(&job.queries, "queries", nil, "查询文件 queries.jsonl（必填）")
	f.StringArrayVar(&job.qrels, "qrels", nil, "评判文件，如 qrels/dev.tsv（必填）")
	f.StringVar(&job.run, "run", "", "把结果按 TREC run 格式写到这个文件（只给一个评测集时）")
	f.BoolVar(&job.asJSON, "json", false, "以 JSON 输出")
	f.BoolVar(&job.fit, "fit", false, "调整排序权重，并用交叉验证衡量")
	f.BoolVar(&job.together, "together", false, "把各评测集的文档收进同一个索引，再逐个衡量")
	f.BoolVar(&job.ablate, "ablate", false, "逐个去掉排序的一部分，列表比较 nDCG@10")
	f.BoolVar(&job.semantic, "semantic", false, "同时按意思查找；与 --fit 一起用时学习适配，并用交叉验证衡量")
	f.StringVar(&job.model, "model", "", "已安装的模型所在的目录（默认是数据目录里的 model）")
	f.StringVar(&job.vectors, "vectors", "", "存放评测集向量的文件，省得每次重算（默认在用户的缓存目录里）")
	f.StringVar(&job.adapter, "adapter", "", "把 --semantic --fit 学得的适配写到这个文件")
	f.StringSliceVar(&job.only, "weights", nil, "只调整这些权重，例如 Title,TitleFit,Widening")
	f.IntVar(&job.sample, "sample", 150, "比较或调整时每个评测集取多少条查询")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		n := len(job.corpora)
		if n == 0 || len(job.queries) != n || len(job.qrels) != n {
			return fmt.Errorf("请用 --corpus、--queries、--qrels 给出评测集的三个文件（可成组重复），例如：%s", firstExample(cmd))
		}
		if job.run != "" && (n > 1 || job.fit) {
			return fmt.Errorf("--run 只用于衡量一个评测集")
		}
		job.out, job.progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
		defer func() { err = errors.Join(err, job.close()) }()
		if err := job.openModel(cmd); err != nil {
			return err
		}
		if err := job.load(cmd.Context()); err != nil {
			return err
		}
		if job.fit && job.semantic {
			return job.fitAdapter(cmd.Context())
		}
		if job.fit {
			return job.fitRanking(cmd.Context())
		}
		if job.ablate {
			return eval.Ablate(cmd.Context(), job.out, job.sets, index.DefaultRanking(), job.sample)
		}
		return job.judge(cmd.Context())
	}
	return cmd
}

// evalJob judges sets, each over a temporary index of its own.
type evalJob struct {
	corpora, queries, qrels []string
	run                     string
	asJSON, fit, ablate     bool
	together                bool // one index for all sets
	only                    []string
	sample                  int
	semantic                bool
	model, vectors, adapter string
	meaning                 *index.Meaning // the model, with an empty lane
	kept                    *eval.VectorFile
	meant                   []eval.Meant
	out, progress           io.Writer
	sets                    []eval.Judged
	closers                 []func() error
}

func (j *evalJob) load(ctx context.Context) error {
	sets := make([]*eval.Set, len(j.corpora))
	for i, file := range j.corpora {
		var err error
		if sets[i], err = eval.Load(file, j.queries[i], j.qrels[i]); err != nil {
			return err
		}
	}
	if j.together {
		var err error
		if sets, err = eval.Together(sets); err != nil {
			return fmt.Errorf("这些评测集不能合在一起：%w", err)
		}
	}
	var e *embedded.Engine
	var m *index.Meaning
	for i, set := range sets {
		name := filepath.Base(filepath.Dir(j.queries[i]))
		if i == 0 || !j.together {
			var err error
			if e, err = j.index(ctx, set); err != nil {
				return err
			}
			if m, err = j.embed(ctx, name, set, e); err != nil {
				return err
			}
		}
		judged := eval.Judged{Name: name, Set: set, Index: e}
		j.sets = append(j.sets, judged)
		if m != nil {
			j.meant = append(j.meant, eval.Meant{Judged: judged, Meaning: m, Vectors: j.kept, Switch: e.SetMeaning})
		}
	}
	return nil
}

// index puts a set's documents into a temporary index.
func (j *evalJob) index(ctx context.Context, set *eval.Set) (*embedded.Engine, error) {
	dir, err := os.MkdirTemp("", "tongsou-eval-")
	if err != nil {
		return nil, err
	}
	j.closers = append(j.closers, func() error { return os.RemoveAll(dir) })
	e, err := embedded.Open(embedded.Options{Path: dir})
	if err != nil {
		return nil, err
	}
	j.closers = append(j.closers, e.Close)
	if err := eval.Index(ctx, e, set); err != nil {
		return nil, err
	}
	return e, e.Learn(ctx)
}

// close closes the indexes and then removes their folders.
func (j *evalJob) close() error {
	var err error
	for _, c := range slices.Backward(j.closers) {
		err = errors.Join(err, c())
	}
	return err
}

func (j *evalJob) judge(ctx context.Context) error {
	for _, s := range j.sets {
		report, runs, err := eval.Judge(ctx, s.Index.Tuned(index.DefaultRanking()), s.Set)
		if err != nil {
			return err
		}
		if j.run != "" {
			if err := writeRun(j.run, runs); err != nil {
				return err
			}
		}
		if j.asJSON {
			if err := printJSON(j.out, report); err != nil {
				return err
			}
			continue
		}
		if len(j.sets) > 1 {
			fmt.Fprintln(j.out, s.Name)
		}
		fmt.Fprintln(j.out, report)
		for _, t := range slices.Sorted(maps.Keys(report.Types)) {
			fmt.Fprintf(j.out, "  %-12s nDCG@10 %.4f\n", t, report.Types[t])
		}
	}
	return nil
}

func (j *evalJob) fitRanking(ctx context.Context) error {
	fit, err := eval.FitRanking(ctx, j.sets, index.DefaultRanking(), eval.FitOptions{Sample: j.sample, Only: j.only, Log: j.progress})
	if err != nil {
		return err
	}
	if j.asJSON {
		return printJSON(j.out, fit)
	}
	fmt.Fprintf(j.out, "交叉验证 nDCG@10：%.4f → %.4f\n", fit.Before, fit.After)
	start := index.DefaultRanking()
	before := eval.Weights(&start)
	for i, w := range eval.Weights(&fit.Ranking) {
		if *w.Value != *before[i].Value {
			fmt.Fprintf(j.out, "  %-16s %.4g → %.4g\n", w.Name, *before[i].Value, *w.Value)
		}
	}
	return nil
}

func writeRun(path string, runs []eval.Run) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("写不了 %s：%w", path, err)
	}
	return errors.Join(eval.WriteTREC(f, runs, "tongsou"), f.Close())
}
