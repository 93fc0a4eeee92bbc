package embedded

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/semantic"
)

// BenchmarkSearchByMeaning is BenchmarkSearch over everything, with the semantic lane on: the real model embeds the queries,
// and a vector by chance stands in for that of every passage. What a scan costs does not depend on what the vectors say, and
// embedding 258,000 passages takes an hour. It needs -tags onnx and, beside what BenchmarkSearch needs,
//
//	TONGSOU_MODEL  a folder into which tongsou model add has put a model
func BenchmarkSearchByMeaning(b *testing.B) {
	bundle, err := semantic.OpenBundle(need(b, "TONGSOU_MODEL"))
	if err != nil {
		b.Fatal(err)
	}
	model, err := semantic.OpenModel(bundle, "", max(1, runtime.NumCPU()/2))
	if err != nil {
		b.Fatal(err)
	}
	adapter, err := semantic.AdapterFor(model.Name())
	if err != nil {
		b.Fatal(err)
	}
	e := share(b, 100, 0)
	lane := semantic.NewLane()
	size := fillByChance(b, e, lane)
	e.SetMeaning(&index.Meaning{Embedder: model, Adapter: adapter, Lane: lane})
	for _, set := range []struct{ name, from string }{{"words", "stard-short"}, {"questions", "stard"}} {
		b.Run(set.name, func(b *testing.B) {
			timeSearches(b, e, questions(b, set.from))
			b.ReportMetric(float64(size), "passages")
		})
	}
}

// fillByChance gives every passage of an index a vector, and says how many there are.
func fillByChance(b *testing.B, e *Engine, lane *semantic.Lane) int {
	b.Helper()
	v, err := e.view()
	if err != nil {
		b.Fatal(err)
	}
	defer v.release()
	drawn := rand.New(rand.NewPCG(1, 2))
	var entries []semantic.Entry
	for kind, s := range v.kinds {
		for li := range s.leaves {
			l := &s.leaves[li]
			for u := range l.columns.units {
				id, err := l.seg.DocID(uint64(u))
				if err != nil {
					b.Fatal(err)
				}
				st, err := l.stored(uint32(u))
				if err != nil {
					b.Fatal(err)
				}
				for _, p := range index.Passages(&corpus.Document{Kind: kind}, &index.Unit{ID: string(id), Body: st.Body}) {
					vector := make([]float32, 512)
					for i := range vector {
						vector[i] = float32(drawn.NormFloat64())
					}
					entries = append(entries, semantic.Entry{Key: semantic.Key([]byte(p.ID)), Vector: semantic.Quantize(vector)})
				}
			}
		}
	}
	if err := lane.Add(entries); err != nil {
		b.Fatal(err)
	}
	return lane.Len()
}
