package server

import (
	"fmt"
	"net/http"
	"strconv"

	"tongsou/corpus/sample"
	"tongsou/corpus/store"
	"tongsou/index"
)

// maxRuns is the number of ingests that are shown.
const maxRuns = 200

// ingestsView shows what was taken in and what was not; with Run what one ingest refused or doubted.
type ingestsView struct {
	staffView
	Runs   []runRow
	Run    *runRow
	Faults []string
	Turner turner
}

// runRow is one ingest. Faults leave out what Held says.
type runRow struct {
	store.Run
	// Held says why what had disappeared from the source was not deleted, empty where it was.
	Held string
}

// newRunRow takes out of the faults that deletions were held back: that is no fault of a record.
func newRunRow(run store.Run) runRow {
	row := runRow{Run: run}
	row.Faults = nil
	if row.Source == sample.Source {
		row.Source = "示例数据（" + sample.Source + "）"
	}
	for _, fault := range run.Faults {
		if store.HeldBack(fault) {
			row.Held = fault
		} else {
			row.Faults = append(row.Faults, fault)
		}
	}
	return row
}

// Doubtful is how many records were refused or doubtful.
func (r runRow) Doubtful() int { return len(r.Faults) }

// Seconds is how long it took.
func (r runRow) Seconds() string { return fmt.Sprintf("%.1f", r.Finished.Sub(r.Started).Seconds()) }

// When is the beginning in the server's own zone.
func (r runRow) When() string { return r.Started.Local().Format("2006-01-02 15:04") }

func (d *desk) runs(r *http.Request, limit int) ([]runRow, error) {
	if d.options.Archive == nil {
		return nil, nil
	}
	runs, err := d.options.Archive.Runs(r.Context(), limit)
	if err != nil {
		return nil, err
	}
	var rows []runRow
	for _, run := range runs {
		rows = append(rows, newRunRow(run))
	}
	return rows, nil
}

func (d *desk) ingestsPage(w http.ResponseWriter, r *http.Request) error {
	rows, err := d.runs(r, maxRuns)
	if err != nil {
		return err
	}
	v := &ingestsView{staffView: d.view(r)}
	if asked := r.URL.Query().Get("run"); asked != "" {
		if v.Run = findRun(rows, asked); v.Run == nil {
			return fmt.Errorf("ingest %q: %w", asked, index.ErrNotFound)
		}
		v.Title = "收入记录：" + v.Run.Source
		t, from, to := turn(r, len(v.Run.Faults), 2*staffPageSize)
		v.Turner = t
		v.Faults = v.Run.Faults[from:to]
		return d.pages.write(w, http.StatusOK, "staff_ingests.html", v)
	}
	t, from, to := turn(r, len(rows), staffPageSize)
	v.Turner = t
	v.Runs = rows[from:to]
	return d.pages.write(w, http.StatusOK, "staff_ingests.html", v)
}

func findRun(rows []runRow, id string) *runRow {
	for i := range rows {
		if strconv.FormatInt(rows[i].ID, 10) == id {
			return &rows[i]
		}
	}
	return nil
}
