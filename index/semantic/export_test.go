package semantic

// Pieces is the tokenizer, for tests.
type Pieces struct{ w *wordPiece }

// ParsePieces reads a tokenizer.json.
func ParsePieces(raw []byte) (*Pieces, error) {
	w, err := parseWordPiece(raw)
	return &Pieces{w}, err
}

// Encode is the tokenizer's work.
func (p *Pieces) Encode(text string, limit int) []int64 { return p.w.encode(text, limit) }

// Dot is the inner product as this processor computes it, DotBytes as every one does.
var (
	Dot      = dot
	DotBytes = dotBytes
)
