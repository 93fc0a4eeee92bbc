package reader

import (
	"encoding/json"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"tongsou/corpus"
)

// columnNames lists, for each column that an item has, what sources call it: the headings of the 实施清单 and what
// crawlers make of them.
var columnNames = map[string][]string{
	"name":           {"事项名称", "业务办理项名称", "办理项名称", "实施清单名称", "名称", "name", "item_name", "title"},
	"parent":         {"主项名称", "主项", "所属主项", "main_item", "parent"},
	"basic_code":     {"基本编码", "basic_code"},
	"code":           {"实施编码", "事项编码", "实施清单编码", "code", "item_code"},
	"task_code":      {"业务办理项编码", "办理项编码", "task_code"},
	"type":           {"事项类型", "类型", "item_type", "type"},
	"level":          {"行使层级", "层级", "level"},
	"body":           {"实施主体", "实施主体名称", "部门", "办理部门", "实施机构", "department", "body"},
	"authority":      {"委托部门", "决定机构", "authority"},
	"partners":       {"联办机构", "联办部门", "partners"},
	"audience":       {"服务对象", "服务对象类型", "面向对象", "audience"},
	"person_themes":  {"面向自然人事项主题分类", "自然人主题分类", "个人主题", "person_themes"},
	"legal_themes":   {"面向法人事项主题分类", "法人主题分类", "法人主题", "legal_themes"},
	"handling":       {"办件类型", "handling"},
	"legal_limit":    {"法定办结时限", "法定时限", "法定期限", "legal_limit"},
	"promised_limit": {"承诺办结时限", "承诺时限", "承诺期限", "promised_limit"},
	"visits":         {"到办事现场次数", "到现场次数", "跑动次数", "visits"},
	"visit_reason":   {"必须现场办理原因说明", "必须到现场原因", "visit_reason"},
	"online_depth":   {"网上办理深度", "网办深度", "online_depth"},
	"channels":       {"办理渠道", "办理形式", "办理方式", "channels"},
	"conditions":     {"受理条件", "申请条件", "办理条件", "conditions"},
	"materials":      {"申请材料", "材料目录", "申报材料", "所需材料", "materials"},
	"steps":          {"办理流程", "办理程序", "流程", "steps"},
	"fee":            {"是否收费"},
	"fees":           {"收费标准", "收费项目", "收费依据及标准", "fees"},
	"results":        {"审批结果名称", "审批结果", "结果名称", "办理结果", "results"},
	"basis":          {"设定依据", "法律依据", "实施依据", "basis"},
	"place":          {"办理地点", "办公地点", "办理地址", "address"},
	"hours":          {"办理时间", "办公时间", "工作时间", "hours"},
	"phone":          {"咨询电话", "咨询方式", "联系电话", "phone"},
	"complaint":      {"监督投诉方式", "监督投诉电话", "投诉电话", "complaint"},
	"everyday":       {"日常用语", "everyday"},
	"region":         {"区划代码", "行政区划", "行政区划代码", "地区", "region", "area_code"},
	"url":            {"在线办理地址", "网址", "链接", "link", "url"},
	"date":           {"发布日期", "更新日期", "published"},
}

// columnByName is columnNames the other way round: a hostile sheet has ten rows of 16,384 cells that might be heads.
var columnByName = func() map[string]string {
	byName := map[string]string{}
	for column, names := range columnNames {
		for _, n := range names {
			byName[n] = column
		}
	}
	return byName
}()

// itemColumn is the column that a head means, "" for none.
func itemColumn(name string) string { return columnByName[plainHead(name)] }

// plainHead is a head without blanks, the mark of a required column and capitals.
func plainHead(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.Trim(name, "*＊：: ")), ""))
}

// ItemColumns lists the columns that a mapping file may name, sorted.
func ItemColumns() []string { return sortedNames(columnNames) }

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// itemSetters set a column of an item from a cell. They return what is wrong with the cell, in Chinese, or nothing.
var itemSetters = map[string]func(*corpus.Document, string) string{
	"name":          func(d *corpus.Document, v string) string { d.Title = squeeze(v); return "" },
	"parent":        text(func(it *corpus.Item) *string { return &it.Parent }),
	"basic_code":    text(func(it *corpus.Item) *string { return &it.BasicCode }),
	"code":          text(func(it *corpus.Item) *string { return &it.Code }),
	"task_code":     text(func(it *corpus.Item) *string { return &it.TaskCode }),
	"type":          text(func(it *corpus.Item) *string { return &it.Type }),
	"level":         text(func(it *corpus.Item) *string { return &it.Level }),
	"body":          text(func(it *corpus.Item) *string { return &it.Body }),
	"authority":     text(func(it *corpus.Item) *string { return &it.Authority }),
	"handling":      text(func(it *corpus.Item) *string { return &it.Handling }),
	"visit_reason":  text(func(it *corpus.Item) *string { return &it.VisitReason }),
	"online_depth":  text(func(it *corpus.Item) *string { return &it.OnlineDepth }),
	"phone":         text(func(it *corpus.Item) *string { return &it.Phone }),
	"complaint":     text(func(it *corpus.Item) *string { return &it.Complaint }),
	"partners":      list(func(it *corpus.Item) *[]string { return &it.Partners }),
	"audience":      list(func(it *corpus.Item) *[]string { return &it.Audience }),
	"person_themes": list(func(it *corpus.Item) *[]string { return &it.PersonThemes }),
	"legal_themes":  list(func(it *corpus.Item) *[]string { return &it.LegalThemes }),
	"channels":      list(func(it *corpus.Item) *[]string { return &it.Channels }),
	"everyday":      list(func(it *corpus.Item) *[]string { return &it.Everyday }),
	"conditions":    func(d *corpus.Document, v string) string { d.Item.Conditions = numbered(v); return "" },
	"materials":     setMaterials,
	"steps":         setSteps,
	"results":       setResults,
	"basis":         setBasis,
	"fee":           setFee,
	"fees": func(d *corpus.Document, v string) string {
		d.Item.Fees = append(d.Item.Fees, corpus.Fee{Name: squeeze(v)})
		return ""
	},
	"legal_limit":    limit(func(it *corpus.Item) *corpus.Limit { return &it.LegalLimit }),
	"promised_limit": limit(func(it *corpus.Item) *corpus.Limit { return &it.PromisedLimit }),
	"visits":         setVisits,
	"place":          func(d *corpus.Document, v string) string { firstPlace(d.Item).Address = squeeze(v); return "" },
	"hours":          func(d *corpus.Document, v string) string { firstPlace(d.Item).Hours = squeeze(v); return "" },
	"region":         setItemRegion,
	"url":            func(d *corpus.Document, v string) string { d.URL = v; return "" },
	"date":           setItemDate,
}

func text(field func(*corpus.Item) *string) func(*corpus.Document, string) string {
	return func(d *corpus.Document, v string) string { *field(d.Item) = squeeze(v); return "" }
}

func list(field func(*corpus.Item) *[]string) func(*corpus.Document, string) string {
	return func(d *corpus.Document, v string) string {
		*field(d.Item) = strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune("、，,；;|\n/ ", r) })
		return ""
	}
}

func firstPlace(it *corpus.Item) *corpus.Place {
	if len(it.Places) == 0 {
		it.Places = []corpus.Place{{}}
	}
	return &it.Places[0]
}

func setItemRegion(d *corpus.Document, v string) string {
	if fault := setPlace(d, v); fault != nil {
		return fault.Reason
	}
	return ""
}

func setItemDate(d *corpus.Document, v string) string {
	date, err := corpus.ParseDate(v)
	if err != nil {
		return "日期认不出来；请写成 2022-02-07"
	}
	d.Published = date
	return ""
}

var (
	reDays   = regexp.MustCompile(`(\d{1,4})\s*[（(]?\s*(?:个)?\s*(工作日|自然日|日历日|天|日|年|月|小时)?`)
	reListed = regexp.MustCompile(`(?:^|\n|[；;。])\s*(?:\d{1,2}[.、．)）]|[（(]\d{1,2}[）)]|[（(][一二三四五六七八九十]{1,3}[）)]|[一二三四五六七八九十]{1,3}、)\s*`)
	reLawRef = regexp.MustCompile(`《([^》]{2,60})》\s*(?:[（(]([^）)]{2,40})[）)])?\s*(第[〇零一二两三四五六七八九十百千\d]+条(?:之[一二三四五六七八九十]+)?(?:第[一二三四五六七八九十\d]+款)?(?:第?[（(]?[一二三四五六七八九十\d]+[）)]?项)?)?`)
)

// ParseLimit reads a time limit: 20个工作日, 20（工作日）, 20天, 即办, 当场办结, 0. It reports false for anything else.
func ParseLimit(s string) (corpus.Limit, bool) {
	s = corpus.FoldWidth(strings.TrimSpace(s))
	if strings.Contains(s, "即办") || strings.Contains(s, "即时") || strings.Contains(s, "当场") || strings.Contains(s, "当日") {
		return corpus.Limit{Instant: true}, true
	}
	m := reDays.FindStringSubmatch(s)
	if m == nil {
		return corpus.Limit{}, false
	}
	days, _ := strconv.Atoi(m[1]) // at most four digits
	switch m[2] {
	case "年":
		days *= 365
	case "月":
		days *= 30
	case "小时":
		return corpus.Limit{Instant: true}, true
	}
	if days == 0 {
		return corpus.Limit{Instant: true}, true
	}
	unit := corpus.WorkingDays
	if m[2] != "" && m[2] != corpus.WorkingDays {
		unit = corpus.CalendarDays
	}
	return corpus.Limit{Days: days, Unit: unit}, true
}

func limit(field func(*corpus.Item) *corpus.Limit) func(*corpus.Document, string) string {
	return func(d *corpus.Document, v string) string {
		l, ok := ParseLimit(v)
		if !ok {
			if strings.Contains(v, "无") {
				return ""
			}
			return "时限认不出来；请写成 20个工作日 或 即办"
		}
		*field(d.Item) = l
		return ""
	}
}

func setVisits(d *corpus.Document, v string) string {
	m := regexp.MustCompile(`\d+`).FindString(corpus.FoldWidth(v))
	n, err := strconv.Atoi(m)
	if err != nil || n > 20 {
		return "次数认不出来；请写成 0 或 1次"
	}
	d.Item.Visits = &n
	return ""
}

func setFee(d *corpus.Document, v string) string {
	switch strings.TrimSpace(v) {
	case "否", "不收费", "免费", "0", "false":
		d.Item.FeeFree = true
	case "是", "收费", "1", "true":
	default:
		return "应为 是 或 否"
	}
	return ""
}

// numbered cuts a cell at its numbers or lines.
func numbered(v string) []string {
	v = strings.ReplaceAll(v, "\r\n", "\n")
	parts := reListed.Split(v, -1)
	if len(parts) < 2 {
		parts = strings.Split(v, "\n")
	}
	var kept []string
	for _, p := range parts {
		if p = strings.Trim(squeeze(p), "；;"); p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// setMaterials reads a JSON array of materials, or a list of 名称|形式|份数|来源.
func setMaterials(d *corpus.Document, v string) string {
	if strings.HasPrefix(v, "[") {
		if err := json.Unmarshal([]byte(v), &d.Item.Materials); err != nil {
			return "申请材料的 JSON 有误：" + err.Error()
		}
		return ""
	}
	parts := numbered(v)
	if strings.Contains(v, "|") { // fields tell where a material ends, so a semicolon between two is no part of a name
		parts = numbered(strings.NewReplacer("；", "\n", ";", "\n").Replace(v))
	}
	for _, part := range parts {
		f := strings.Split(part, "|")
		m := corpus.Material{Name: strings.TrimSpace(f[0])}
		if len(f) > 1 {
			m.Form = strings.TrimSpace(f[1])
		}
		if len(f) > 2 {
			m.Originals, _ = strconv.Atoi(regexp.MustCompile(`\d+`).FindString(f[2])) // no digits: not said
		}
		if len(f) > 3 {
			m.Origin = strings.TrimSpace(f[3])
		}
		d.Item.Materials = append(d.Item.Materials, m)
	}
	return ""
}

func setSteps(d *corpus.Document, v string) string {
	v = strings.NewReplacer("→", "\n", "->", "\n", "—>", "\n").Replace(v)
	for _, part := range numbered(v) {
		name, rest, _ := strings.Cut(strings.Replace(part, ":", "：", 1), "：")
		d.Item.Steps = append(d.Item.Steps, corpus.Step{Name: strings.TrimSpace(name), Text: strings.TrimSpace(rest)})
	}
	return ""
}

func setResults(d *corpus.Document, v string) string {
	for _, part := range numbered(v) {
		d.Item.Results = append(d.Item.Results, corpus.Outcome{Name: part})
	}
	return ""
}

func setBasis(d *corpus.Document, v string) string {
	for _, m := range reLawRef.FindAllStringSubmatch(v, -1) {
		b := corpus.Basis{Law: strings.TrimSpace(m[1]), Article: m[3]}
		if n, ok := corpus.ParseNumber(m[2]); ok {
			b.Number = n
		}
		d.Item.Basis = append(d.Item.Basis, b)
	}
	if len(d.Item.Basis) == 0 {
		d.Item.Basis = []corpus.Basis{{Law: squeeze(v)}}
	}
	return ""
}
