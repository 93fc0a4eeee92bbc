package corpus

// Item holds the fields of a service item's implementation list (政务服务事项实施清单, the term of 国办函〔2018〕 and
// GB/T 36114). A field is empty where the source does not give it; nothing is guessed.
type Item struct {
	// Code is the implementation code (实施编码, 31 characters), BasicCode the basic directory code (基本编码),
	// TaskCode the code of a business handling item (业务办理项编码).
	Code      string `json:"code,omitempty"`
	BasicCode string `json:"basic_code,omitempty"`
	TaskCode  string `json:"task_code,omitempty"`
	// Parent is the name of the main item (主项名称).
	Parent string `json:"parent,omitempty"`
	// Type is the item type (事项类型): 行政许可, 行政确认, 行政给付, 行政裁决, 行政奖励, 其他行政权力, 公共服务.
	Type string `json:"type,omitempty"`
	// Level is the exercise level (行使层级): 国家级, 省级, 市级, 县级, 乡镇级, 村级.
	Level string `json:"level,omitempty"`
	// Body is the implementing body (实施主体), Authority the body that decides where it differs (委托部门/决定机构),
	// Partners the bodies that take part (联办机构).
	Body      string   `json:"body,omitempty"`
	Authority string   `json:"authority,omitempty"`
	Partners  []string `json:"partners,omitempty"`
	// Audience lists who is served (服务对象): 自然人, 企业法人, 事业法人, 社会组织法人, 非法人企业, 行政机关, 其他组织.
	Audience []string `json:"audience,omitempty"`
	// PersonThemes and LegalThemes are the theme classes for natural persons (面向自然人事项主题分类: 生育收养, 户籍办理 …)
	// and for legal persons (面向法人事项主题分类: 设立变更, 准营准办 …).
	PersonThemes []string `json:"person_themes,omitempty"`
	LegalThemes  []string `json:"legal_themes,omitempty"`
	// LifeEvents names the 办成一件事 guides that the item belongs to: 新生儿出生, 开办餐饮店.
	LifeEvents []string `json:"life_events,omitempty"`
	// Handling is the handling type (办件类型): 即办件 or 承诺件.
	Handling string `json:"handling,omitempty"`
	// LegalLimit and PromisedLimit are the time limits by law and as promised (法定办结时限, 承诺办结时限).
	LegalLimit    Limit `json:"legal_limit,omitzero"`
	PromisedLimit Limit `json:"promised_limit,omitzero"`
	// Visits is the number of times one must come in person (到办事现场次数); nil when the source does not say.
	Visits *int `json:"visits,omitempty"`
	// VisitReason says why one must come (必须现场办理原因说明).
	VisitReason string `json:"visit_reason,omitempty"`
	// OnlineDepth is how far it can be done online (网上办理深度): 互联网咨询, 互联网收件, 互联网预审, 互联网受理,
	// 互联网办理结果信息反馈, 全程网办.
	OnlineDepth string `json:"online_depth,omitempty"`
	// Channels lists how it can be done: 网上, 掌上, 一窗, 自助.
	Channels []string `json:"channels,omitempty"`
	// ApplyURL is where to apply online.
	ApplyURL   string      `json:"apply_url,omitempty"`
	Conditions []string    `json:"conditions,omitempty"` // 受理条件
	Materials  []Material  `json:"materials,omitempty"`  // 申请材料
	Steps      []Step      `json:"steps,omitempty"`      // 办理流程
	Fees       []Fee       `json:"fees,omitempty"`       // 收费; none and FeeFree unset means not said
	FeeFree    bool        `json:"fee_free,omitempty"`   // 不收费
	Results    []Outcome   `json:"results,omitempty"`    // 审批结果
	Basis      []Basis     `json:"basis,omitempty"`      // 设定依据
	Places     []Place     `json:"places,omitempty"`     // 办理地点
	Phone      string      `json:"phone,omitempty"`      // 咨询电话
	Complaint  string      `json:"complaint,omitempty"`  // 监督投诉电话
	Everyday   []string    `json:"everyday,omitempty"`   // 日常用语: what people call it
	FAQ        []QA        `json:"faq,omitempty"`        // 常见问题
	Mongolian  string      `json:"mongolian,omitempty"`  // the item's name in Mongolian script
	Extra      []ItemField `json:"extra,omitempty"`      // columns of the source that have no field here, as they stand
}

// ItemField is a field of the source that Item has no place for.
type ItemField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// The handling types (办件类型) and the online depth that the checks and the filters know.
const (
	HandlingInstant  = "即办件"
	HandlingPromised = "承诺件"
	DepthFullyOnline = "全程网办"
)

// Limit is a time limit. The zero Limit means that the source gives none; an instant item has Instant set.
type Limit struct {
	Days int `json:"days,omitempty"`
	// Unit is 工作日 or 自然日; it is set whenever the limit is given in days.
	Unit string `json:"unit,omitempty"`
	// Instant says that it is done at once (当场办结, 即时办结).
	Instant bool `json:"instant,omitempty"`
}

// Units of a Limit.
const (
	WorkingDays  = "工作日"
	CalendarDays = "自然日"
)

// IsZero reports whether no limit is given.
func (l Limit) IsZero() bool { return l == Limit{} }

// Material is one thing to hand in (申请材料).
type Material struct {
	Name string `json:"name"`
	// Form is 原件, 复印件, 原件和复印件, 电子 …; Copies the number of each.
	Form      string `json:"form,omitempty"`
	Originals int    `json:"originals,omitempty"`
	Copies    int    `json:"copies,omitempty"`
	// Origin is where it comes from (来源渠道): 申请人自备, 政府部门核发, 其他.
	Origin string `json:"origin,omitempty"`
	Issuer string `json:"issuer,omitempty"`
	// Optional says that it is needed in some cases only; When says in which.
	Optional bool   `json:"optional,omitempty"`
	When     string `json:"when,omitempty"`
	// Shared says that an electronic licence (电子证照) or shared data stands in for it, so it need not be handed in.
	Shared    bool   `json:"shared,omitempty"`
	BlankForm string `json:"blank_form,omitempty"` // 空白表格
	Filled    string `json:"filled,omitempty"`     // 示例样表
	Note      string `json:"note,omitempty"`
}

// Step is one step of the handling process (办理环节).
type Step struct {
	Name  string `json:"name"` // 受理, 审查, 决定, 送达
	Who   string `json:"who,omitempty"`
	Limit Limit  `json:"limit,omitzero"`
	Text  string `json:"text,omitempty"`
}

// Fee is one charge (收费项目).
type Fee struct {
	Name     string `json:"name"`
	Standard string `json:"standard,omitempty"` // 收费标准, as printed: 10元/证
	Basis    string `json:"basis,omitempty"`
	Waiver   string `json:"waiver,omitempty"` // 减免情形
}

// Outcome is what one gets (审批结果): a licence, a certificate, an approval, money.
type Outcome struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // 证照, 批文, 证明, 其他
	// Delivery is how it is handed over: 窗口领取, 邮寄送达, 电子证照.
	Delivery string `json:"delivery,omitempty"`
}

// Basis is one legal basis (设定依据).
type Basis struct {
	Law     string `json:"law"`               // the law's name without 《》
	Number  string `json:"number,omitempty"`  // 文号
	Article string `json:"article,omitempty"` // 第十二条第一款
	Text    string `json:"text,omitempty"`
}

// Place is one place to go (办理地点).
type Place struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address"`
	Window  string `json:"window,omitempty"`
	Hours   string `json:"hours,omitempty"` // 办理时间
	Phone   string `json:"phone,omitempty"`
}

// QA is one frequent question with its answer.
type QA struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
}
