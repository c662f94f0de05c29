// Command re2 prints what Go's regexp does with each pattern on each text, one JSON object a line:
//
//	go run ./re2 > ../data/re2.jsonl
//
// The first line holds all texts, each character for one byte, as they may be no UTF-8; the first "common" ones were given to every pattern.
// Then {"pattern", "error"} for each pattern that does not compile, else {"pattern", "names", "own", "found", "whole"}:
// own are the numbers of further texts that it was given; found holds for each text in which it matched the number of the
// text and the spans of FindSubmatchIndex; whole the same for
// ^(?s:pattern)$, unless that does not compile (no_whole).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"regexp/syntax"
	"runtime"
	"sort"
	"unicode"
)

type row struct {
	Pattern string   `json:"pattern"`
	Error   string   `json:"error,omitempty"`
	Names   []string `json:"names,omitempty"`
	Own     []int    `json:"own,omitempty"`
	Found   [][]int  `json:"found,omitempty"`
	Whole   [][]int  `json:"whole,omitempty"`
	NoWhole bool     `json:"no_whole,omitempty"`
}

// Texts for all patterns.
var texts = []string{
	"", "a", "b", "ab", "aab", "aaa", "abc", "ABC", "a.b", "a-b", "é", "aéb", "日本", "k\u212a", "s\u017fS",
	"\xff", "a\xffb", "\xe6\x97", "\ufffd", "x\x80\x80y", "foo bar", "foo\nbar\n", "\n", "\r\n", " \t\v\f", "[x]", "a]b",
	"user_1=42;", "0123456789abcdef", "٣٤", "aaaaaaaaaaaaaaaaaaaaaaaa", "a&&b", "a--b", "\\Q.\\E", "{2}", "x{,3}", "Straße ẞ", "\x00\x07",
}

func main() {
	common := len(texts)
	var rows []row
	for _, p := range append(patterns, properties()...) {
		rows = append(rows, ask(p, common))
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	var bytes []string
	for _, text := range texts {
		var characters []rune
		for _, b := range []byte(text) {
			characters = append(characters, rune(b))
		}
		bytes = append(bytes, string(characters))
	}
	encoder.Encode(map[string]any{
		"generated": fmt.Sprintf("tests/go/re2 with %s, Unicode %s", runtime.Version(), unicode.Version),
		"common":    common,
		"texts":     bytes,
	})
	for _, r := range rows {
		encoder.Encode(r)
	}
}

// ask gives the pattern the common texts and its own, which it adds to texts.
func ask(p pattern, common int) row {
	r := row{Pattern: p.pattern}
	re, err := regexp.Compile(p.pattern)
	if err != nil {
		r.Error = string(err.(*syntax.Error).Code)
		return r
	}
	r.Names = re.SubexpNames()
	for _, text := range p.texts {
		r.Own = append(r.Own, len(texts))
		texts = append(texts, text)
	}
	whole, err := regexp.Compile("^(?s:" + p.pattern + ")$")
	r.NoWhole = err != nil
	for number, text := range texts {
		if number >= common && number < len(texts)-len(p.texts) {
			continue
		}
		if spans := re.FindSubmatchIndex([]byte(text)); spans != nil {
			r.Found = append(r.Found, append([]int{number}, spans...))
		}
		if whole != nil {
			if spans := whole.FindSubmatchIndex([]byte(text)); spans != nil {
				r.Whole = append(r.Whole, append([]int{number}, spans...))
			}
		}
	}
	return r
}

// properties asks each name that Go knows about code points at the edges of its first ranges.
func properties() (found []pattern) {
	var names []string
	tables := map[string]*unicode.RangeTable{}
	for _, known := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts} {
		for name, table := range known {
			names = append(names, name)
			tables[name] = table
		}
	}
	sort.Strings(names)
	for _, name := range names {
		var samples []string
		for _, r := range tables[name].R16 {
			if len(samples) < 2 && r.Lo > 0x7f && r.Lo < 0xd800 {
				samples = append(samples, string(rune(r.Lo)), string(rune(r.Lo-1)))
			}
		}
		found = append(found, pattern{`^\p{` + name + `}`, samples}, pattern{`(?i)\P{` + name + `}$`, samples})
	}
	return found
}
