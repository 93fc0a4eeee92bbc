package semantic

import "math"

// Example is a judged query to learn from: its vector, those of passages that answer it, and those of others.
type Example struct {
	Query         []float32
	Right, Others [][]float32
}

// Lesson is how an adapter is learned.
type Lesson struct {
	Epochs int     // how often every example is seen
	Rate   float64 // of Adam's steps
	Hold   float64 // how strongly the map is held to the identity
	Sharp  float64 // by what cosines are multiplied before they become chances
}

// DefaultLesson returns what cross-validation over the judged sets chose.
func DefaultLesson() Lesson { return Lesson{Epochs: 5, Rate: 3e-4, Hold: 0.01, Sharp: 30} }

// Learn learns an adapter: it maximises the chance that a passage that answers is drawn among all that were shown, by Adam
// (Kingma and Ba 2015) in batches of 32. The same examples in the same order give the same adapter; they should be mixed.
func Learn(examples []Example, lesson Lesson) *Adapter {
	if len(examples) == 0 {
		return nil
	}
	size := len(examples[0].Query)
	a := Identity(size)
	step := newAdam(len(a.matrix), lesson.Rate)
	slope := make([]float32, len(a.matrix))
	for range lesson.Epochs {
		for from := 0; from < len(examples); from += 32 {
			part := examples[from:min(len(examples), from+32)]
			clear(slope)
			for _, x := range part {
				a.slope(x, lesson.Sharp, float32(1/float64(len(part))), slope)
			}
			for i := range slope {
				held := a.matrix[i]
				if i%(size+1) == 0 {
					held--
				}
				slope[i] += float32(lesson.Hold) * held
			}
			step.take(a.matrix, slope)
		}
	}
	return a
}

// slope adds share times the slope of an example's loss, −log Σ_right p, to sum.
func (a *Adapter) slope(x Example, sharp float64, share float32, sum []float32) {
	moved := a.product(x.Query)
	length := lengthOf(moved)
	y := unit(moved)
	shown := append(append([][]float32(nil), x.Right...), x.Others...)
	chance := softmax(shown, y, sharp)
	right := 0.0
	for i := range x.Right {
		right += chance[i]
	}
	pull := make([]float32, a.size) // of the loss at y
	for i, p := range chance {
		w := p
		if i < len(x.Right) {
			w -= p / math.Max(right, 1e-30)
		}
		if w == 0 {
			continue
		}
		w *= sharp
		for j, v := range shown[i] {
			pull[j] += float32(w) * v
		}
	}
	along := float32(0)
	for j, v := range pull {
		along += v * y[j]
	}
	for i, q := range x.Query {
		f := share * q / float32(length)
		row := sum[i*a.size:][:a.size]
		for j := range row {
			row[j] += f * (pull[j] - along*y[j])
		}
	}
}

func lengthOf(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Max(math.Sqrt(sum), 1e-12)
}

// softmax returns the chance of each passage by its cosine with y.
func softmax(shown [][]float32, y []float32, sharp float64) []float64 {
	chance := make([]float64, len(shown))
	most := math.Inf(-1)
	for i, c := range shown {
		sum := float32(0)
		for j, v := range c {
			sum += v * y[j]
		}
		chance[i] = sharp * float64(sum)
		most = math.Max(most, chance[i])
	}
	total := 0.0
	for i, c := range chance {
		chance[i] = math.Exp(c - most)
		total += chance[i]
	}
	for i := range chance {
		chance[i] /= total
	}
	return chance
}

// adam takes steps down a slope.
type adam struct {
	rate          float64
	first, second []float32
	beta1, beta2  float64 // powers of 0.9 and 0.999 so far
}

func newAdam(n int, rate float64) *adam {
	return &adam{rate: rate, first: make([]float32, n), second: make([]float32, n), beta1: 1, beta2: 1}
}

func (s *adam) take(at, slope []float32) {
	s.beta1 *= 0.9
	s.beta2 *= 0.999
	for i, g := range slope {
		s.first[i] = 0.9*s.first[i] + 0.1*g
		s.second[i] = 0.999*s.second[i] + 0.001*g*g
		at[i] -= float32(s.rate * (float64(s.first[i]) / (1 - s.beta1)) / (math.Sqrt(float64(s.second[i])/(1-s.beta2)) + 1e-8))
	}
}
