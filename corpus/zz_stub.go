package corpus

type Region struct {
	Code, Name, Short string
	Level             int
	Parent            string
}
type RegionTree struct{}

func Regions() *RegionTree                                { return &RegionTree{} }
func (*RegionTree) ByName(name, within string) []Region   { return nil }
func (*RegionTree) Lookup(code string) (Region, bool)     { return Region{}, false }
func NormalizeRegion(s string) (string, bool)             { return "", false }
