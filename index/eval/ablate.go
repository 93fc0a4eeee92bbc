package eval

import (
	"context"
	"fmt"
	"io"
	"strings"

	"tongsou/corpus"
	"tongsou/index"
)

// Ablation is the ranking without one of its parts.
type Ablation struct {
	// Name says in Chinese what is left out.
	Name string
	// Change takes it out of the weights.
	Change func(*index.Ranking)
	// Verbatim leaves out what a query can leave out: widenings and corrections.
	Verbatim bool
}

// Ablations lists every lane of terms, every widening and every feature of the second stage, the whole ranking first.
func Ablations() []Ablation {
	without := func(name string, change func(*index.Ranking)) Ablation { return Ablation{Name: name, Change: change} }
	return []Ablation{
		without("全部", func(*index.Ranking) {}),
		without("不查二字词", func(r *index.Ranking) { r.Word = r.Cross }),
		without("不查跨词字对", func(r *index.Ranking) { r.Cross = 0 }),
		without("不查单字", func(r *index.Ranking) { r.Single = 0 }),
		without("不查长词", func(r *index.Ranking) { r.Long, r.Part = 0, 0 }),
		without("字母数字同于字", func(r *index.Ranking) { r.Latin = 1 }),
		{Name: "不扩展、不纠错", Change: func(*index.Ranking) {}, Verbatim: true},
		without("扩展不计分", func(r *index.Ranking) { r.Widening = 0 }),
		without("标题同于正文", func(r *index.Ranking) { r.FieldWeight[0] = 1 }),
		without("别名同于正文", func(r *index.Ranking) { r.FieldWeight[1] = 1 }),
		without("不看法律位阶", func(r *index.Ranking) { r.Authority = [corpus.Ranks]float64{} }),
		without("首轮不看覆盖", func(r *index.Ranking) { r.CoverageBoost = 0 }),
		without("稀有度不加重", func(r *index.Ranking) { r.IDFPower = 1 }),
		without("不重排", func(r *index.Ranking) {
			r.Coverage, r.Passage, r.Run, r.Title, r.TitleFit, r.TitleExact, r.Second = 0, 0, 0, 0, 0, 0, 0
			r.ActionFit, r.ActionElse = 0, 0
		}),
		without("不看标题贴合", func(r *index.Ranking) { r.Title, r.TitleFit, r.TitleExact = 0, 0, 0 }),
		without("不看段落集中", func(r *index.Ranking) { r.Passage, r.Run = 0, 0 }),
		without("不看说的是哪里", func(r *index.Ranking) { r.Elsewhere = 0 }),
		without("不看办理动作", func(r *index.Ranking) { r.ActionFit, r.ActionElse = 0, 0 }),
	}
}

// Ablate judges every ablation on sample queries of every set, drawn by a hash of their IDs, and writes a Markdown table of
// nDCG@10, a line for each as soon as it is known.
func Ablate(ctx context.Context, out io.Writer, sets []Judged, start index.Ranking, sample int) error {
	sets = drawn(sets, sample, func(int) bool { return true })
	names := make([]string, 0, len(sets))
	for _, s := range sets {
		names = append(names, s.Name)
	}
	fmt.Fprintf(out, "| 去掉什么 | %s |\n|---|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(sets)))
	for _, a := range Ablations() {
		r := start
		a.Change(&r)
		fmt.Fprintf(out, "| %s |", a.Name)
		for _, s := range sets {
			searcher := s.Index.Tuned(r)
			if a.Verbatim {
				searcher = verbatim{searcher}
			}
			report, _, err := Judge(ctx, searcher, s.Set)
			if err != nil {
				return fmt.Errorf("judge %s without %s: %w", s.Name, a.Name, err)
			}
			fmt.Fprintf(out, " %.3f |", report.NDCG10)
		}
		fmt.Fprintln(out)
	}
	return nil
}

// verbatim asks every query as it was typed.
type verbatim struct{ index.Searcher }

// Search implements index.Searcher.
func (v verbatim) Search(ctx context.Context, q index.Query) (*index.Result, error) {
	q.Verbatim = true
	return v.Searcher.Search(ctx, q)
}
