package corpus

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Severity says what is done about a Problem.
type Severity string

// The severities.
const (
	Reject Severity = "error"   // the document is not taken in
	Warn   Severity = "warning" // it is kept, and the problem listed
)

// Problem is something that a document lacks or contradicts.
type Problem struct {
	Severity Severity `json:"severity"`
	// Field is the field's Chinese name in the 实施清单 or the document's header.
	Field string `json:"field"`
	// Reason says what is wrong and what to do, in Chinese.
	Reason string `json:"reason"`
}

// Check returns what is wrong with a document, rejections first in the order of the fields; nothing when it is sound.
func Check(d *Document) []Problem {
	var problems []Problem
	add := func(s Severity, field, reason string, args ...any) {
		problems = append(problems, Problem{s, field, fmt.Sprintf(reason, args...)})
	}
	checkRequired(d, add)
	checkDates(d, add)
	checkNames(d, add)
	checkSections(d, add)
	if d.Item != nil {
		checkCodes(d.Item, add)
		checkLimits(d.Item, add)
		checkVisits(d.Item, add)
		checkFees(d.Item, add)
	}
	return problems
}

// Rejected reports whether one of the problems is a rejection.
func Rejected(problems []Problem) bool {
	for _, p := range problems {
		if p.Severity == Reject {
			return true
		}
	}
	return false
}

type report func(s Severity, field, reason string, args ...any)

var reID = regexp.MustCompile(`^[0-9A-Za-z._-]{1,200}$`)

func checkRequired(d *Document, add report) {
	if !reID.MatchString(d.ID) {
		add(Reject, "编号", "编号 %q 应为 1 到 200 个字母、数字、点、下划线或连字符", d.ID)
	}
	if !d.Kind.Valid() {
		add(Reject, "类别", "类别 %q 不认识；应为 item、policy 或 news", d.Kind)
	}
	if strings.TrimSpace(d.Title) == "" {
		add(Reject, "标题", "缺少标题")
	} else if utf8.RuneCountInString(d.Title) > 500 {
		add(Warn, "标题", "标题有 %d 个字，可能混入了正文", utf8.RuneCountInString(d.Title))
	}
	if d.Item != nil && d.Kind != KindItem {
		add(Reject, "类别", "带有实施清单字段，但类别是 %q；应为 item", d.Kind)
	}
	if d.Item == nil && d.Kind == KindItem {
		add(Reject, "实施清单", "事项没有实施清单字段")
	}
	if d.Kind == KindPolicy && strings.TrimSpace(d.Text()) == "" {
		add(Warn, "正文", "政策没有正文，只能按标题查到")
	}
}

func checkDates(d *Document, add report) {
	for _, f := range []struct {
		name string
		date Date
	}{{"成文日期", d.Adopted}, {"发布日期", d.Published}, {"施行日期", d.Effective}, {"废止日期", d.Repealed}} {
		if f.date == "" {
			continue
		}
		if parsed, err := ParseDate(string(f.date)); err != nil || parsed != f.date {
			add(Reject, f.name, "%q 不是真实的日期；请写成 2022-02-07", f.date)
		}
	}
	if d.Effective != "" && d.Adopted != "" && d.Effective < d.Adopted {
		add(Warn, "施行日期", "施行日期 %s 早于成文日期 %s，请核对", d.Effective, d.Adopted)
	}
	if d.Repealed != "" && d.Effective != "" && d.Repealed < d.Effective {
		add(Warn, "废止日期", "废止日期 %s 早于施行日期 %s，请核对", d.Repealed, d.Effective)
	}
}

func checkNames(d *Document, add report) {
	if d.Region != "" {
		if _, ok := Regions().Lookup(d.Region); !ok {
			add(Warn, "地区", "区划代码 %s 不在行政区划表中，按地区筛选时找不到这一条", d.Region)
		}
	}
	if d.Number == "" {
		return
	}
	if n, ok := ParseNumber(d.Number); !ok || n != d.Number {
		add(Warn, "文号", "文号 %q 不合规范；应写成 国办发〔2017〕47号 的样子", d.Number)
	}
}

func checkSections(d *Document, add report) {
	seen := map[string]bool{}
	for _, s := range d.Sections {
		if s.ID == "" || seen[s.ID] {
			add(Reject, "正文", "段落编号 %q 为空或重复", s.ID)
			return
		}
		seen[s.ID] = true
	}
}

func checkCodes(it *Item, add report) {
	if it.Handling != HandlingInstant && it.Handling != HandlingPromised && it.Handling != "" {
		add(Warn, "办件类型", "办件类型 %q 不认识；应为 即办件 或 承诺件", it.Handling)
	}
	for _, m := range it.Materials {
		if strings.TrimSpace(m.Name) == "" {
			add(Warn, "申请材料", "有一份材料没有名称")
			return
		}
	}
}

// days is a limit in working days, so that limits in different units compare: five working days are a week.
func (l Limit) days() float64 {
	if l.Unit == CalendarDays {
		return float64(l.Days) * 5 / 7
	}
	return float64(l.Days)
}

func checkLimits(it *Item, add report) {
	legal, promised := it.LegalLimit, it.PromisedLimit
	if legal.Days > 0 && promised.days() > legal.days()+0.5 {
		add(Warn, "承诺办结时限", "承诺 %d 个%s，超过法定的 %d 个%s，请核对", promised.Days, promised.Unit, legal.Days, legal.Unit)
	}
	if it.Handling == HandlingInstant && promised.Days > 1 {
		add(Warn, "办件类型", "即办件却承诺 %d 个%s；应为承诺件，或把时限改为即办", promised.Days, promised.Unit)
	}
	if it.Handling == "" && (promised.Days > 0 || legal.Days > 0) {
		add(Warn, "办件类型", "有办结时限却没有办件类型；不是即办件就应写明承诺件")
	}
}

func checkVisits(it *Item, add report) {
	if it.Visits == nil {
		return
	}
	switch n := *it.Visits; {
	case n < 0 || n > 20:
		add(Warn, "到办事现场次数", "%d 次不合常理，请核对", n)
	case n > 0 && it.OnlineDepth == DepthFullyOnline:
		add(Warn, "到办事现场次数", "网上办理深度是全程网办，却要到现场 %d 次", n)
	case n > 0 && strings.TrimSpace(it.VisitReason) == "":
		add(Warn, "必须现场办理原因说明", "要到现场 %d 次，却没有说明原因", n)
	}
}

func checkFees(it *Item, add report) {
	if it.FeeFree && len(it.Fees) > 0 {
		add(Warn, "收费", "写明不收费，却列有收费项目")
	}
}
