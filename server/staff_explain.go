package server

import (
	"fmt"
	"math"
	"slices"

	"tongsou/index"
)

// explanation says in plain words why a hit stands where it does.
type explanation struct {
	Score string
	Parts []explainedPart
	Why   []string
}

// explainedPart is one reason with how much it counts. The bar begins in the middle: to the right for what lifts a hit,
// to the left for what lowers it.
type explainedPart struct {
	Name, Meaning, Value string
	Down                 bool
	X, Width             int
}

// barHalf is half the width of a bar's field in its own units; one of pinned size fills it.
const barHalf = 100

// pinnedFrom is the size from which a part is no matter of degree: the query names this document.
const pinnedFrom = 100

// meanings are the parts of a score in the words of the staff. A part that is not here is shown by its own name.
var meanings = map[string][2]string{
	"BM25F":         {"词语匹配", "要找的词在标题、别名和正文里出现得多少，越少见的词越算数"},
	"覆盖":            {"说到多少", "要找的意思里，这一条说到了几成"},
	"段落集中":          {"说在一处", "要找的词在同一段里挨着出现"},
	"连续匹配":          {"字句相同", "与输入一字不差地连着出现"},
	"标题":            {"标题提到", "标题或日常用语里提到要找的词"},
	"标题贴合":          {"标题正是", "标题说的正好就是这件事，没有别的"},
	"标题相同":          {"名称相同", "名称或日常用语与输入完全相同"},
	"办理动作":          {"办理动作", "办的是同一个动作（补办、换发、注销）加分，不同减分"},
	"其他条文":          {"多处符合", "同一份文件还有别的条文也符合"},
	"文号":            {"点名文号", "输入的就是它的文号，排在最前"},
	"编码":            {"点名编码", "输入的就是它的编码，排在最前"},
	"法规名称":          {"点名法规", "输入的就是这部法规或其中这一条，排在最前"},
	"时效":            {"时效", "已修订、已废止或尚未生效，往后排"},
	"地区":            {"地区远近", "离办事人所在地近的往前排，别处的往后排"},
	"用户反馈":          {"用户反馈", "这样搜的人点开得比它的位置应有的多或少，和评价"},
	index.WhyPinned: {"本站置顶", "工作人员指定它排在最前"},
	"首轮得分":          {"初选得分", "排位靠后，只按初选的词语匹配排列"},
}

func explain(h *index.Hit) *explanation {
	if len(h.Explain) == 0 {
		return nil
	}
	e := &explanation{Score: fmt.Sprintf("%.2f", h.Score), Why: slices.DeleteFunc(slices.Clone(h.Why), func(why string) bool { return why == index.WhyPinned })}
	largest := 0.01
	for _, p := range h.Explain {
		if size := math.Abs(p.Value); size < pinnedFrom {
			largest = max(largest, size)
		}
	}
	for _, p := range h.Explain {
		part := explainedPart{Name: p.Name, Value: fmt.Sprintf("%+.2f", p.Value), Down: p.Value < 0}
		if m, ok := meanings[p.Name]; ok {
			part.Name, part.Meaning = m[0], m[1]
		}
		if p.Name == "用户反馈" {
			part.Meaning += "。" + p.Note // the evidence, so that it can be judged
		}
		if math.Abs(p.Value) >= pinnedFrom {
			part.Value = "排在最前"
		}
		part.Width = min(barHalf, max(1, int(math.Abs(p.Value)/largest*barHalf)))
		if part.X = barHalf; part.Down {
			part.X = barHalf - part.Width
		}
		e.Parts = append(e.Parts, part)
	}
	return e
}
