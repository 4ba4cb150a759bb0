# SPDX-License-Identifier: GPL-2.0-or-later
# Records of one benchmark (tests/bench/lib.sh) as a table, one line to each
# variant and target.  In brackets are minima and maxima: of values, and of the
# ratios of single rounds.
BEGIN { FS = "\t" }

$1 == "row" { add_label($2); add_value($2, $4, $5); unit[$2] = $3 }
$1 == "rt" { add_label($2); trips[$2, $4] = $3 }
$1 == "target" { add_label($2); add_target($2) }
$1 == "skip" { add_label($2); reason[$2] = $3 }
$1 == "note" { notes[++n_notes] = "- " $2 ": " $3 }

END {
  add_line("what", "variant", "median (min, max)", "round trips", "ratio (min, max)", "target", "")
  for (i = 1; i <= n_labels; i++)
    show_label(labels[i])
  print ""
  print_lines()
  if (n_notes)
    print ""
  for (i = 1; i <= n_notes; i++)
    print notes[i]
}

function add_label(label) {
  if (!(label in seen))
    labels[++n_labels] = label
  seen[label] = 1
}

function add_value(label, variant, value) {
  if (!((label, variant) in count))
    variants[label, ++n_variants[label]] = variant
  values[label, variant, ++count[label, variant]] = value + 0
}

function add_target(label,    i) {
  i = ++n_targets[label]
  what[label, i] = $3
  op[label, i] = $4
  number[label, i] = $5
  text[label, i] = $6
}

# ----- one label -----

function show_label(label,    i, variant) {
  shown = 0
  if (label in reason)
    add_line(label, "", "not available: " reason[label], "", "", "", n_targets[label] ? "n/a" : "")
  else if (!n_variants[label])
    show_targets(label, "", "")
  for (i = 1; i <= n_variants[label]; i++) {
    variant = variants[label, i]
    show_targets(label, variant, median_text(label, variant))
  }
}

# The line of a variant bears its first target, further ones get lines of their own.
function show_targets(label, variant, figure,    i, of, is_first) {
  is_first = 1
  for (i = 1; i <= n_targets[label]; i++) {
    of = what[label, i]
    if (variant == "" || subject(label, of) == variant) {
      show_target(label, is_first ? variant : "", is_first ? figure : "", variant, i)
      is_first = 0
    }
  }
  if (is_first)
    show(label, variant, figure, trips_of(label, variant), "", "", "")
}

function show(label, variant, figure, rt, ratio, goal, result) {
  add_line(shown ? "" : label, variant, figure, rt, ratio, goal, result)
  shown = 1
}

# Which variant's line a target stands on.
function subject(label, of,    part) {
  if (of == "rt")
    return variants[label, 1]
  sub(/^rt:/, "", of)
  split(of, part, "/")
  return part[1]
}

function show_target(label, variant, figure, owner, i,    of, part, goal, value, ratio) {
  of = what[label, i]
  goal = op[label, i] " " number[label, i]
  if (of ~ /^rt/) {
    value = trips_of(label, owner)
    goal = goal " RT"
  } else if (split(of, part, "/") == 2) {
    value = ratio_of(label, part[1], part[2])
    ratio = ratio_text(label, part[1], part[2], value)
    goal = goal "x"
  } else {
    value = (label, of) in count ? median(label, of) : "n/a"
  }
  if (text[label, i] != "")
    goal = goal ", " text[label, i]
  show(label, variant, figure, variant == "" ? "" : trips_of(label, owner), ratio, goal,
       verdict(value, op[label, i], number[label, i]))
}

function trips_of(label, variant) {
  if ((label, variant) in trips)
    return trips[label, variant]
  return variant == variants[label, 1] && (label, "") in trips ? trips[label, ""] : ""
}

function verdict(value, how, limit) {
  if (value == "n/a" || value == "")
    return "n/a"
  if (how == "<=")
    return value + 0 <= limit + 0 ? "ok" : "MISSED"
  return value + 0 >= limit + 0 ? "ok" : "MISSED"
}

# ----- figures -----

function median(label, variant,    n, i, j, x, sorted) {
  n = count[label, variant]
  for (i = 1; i <= n; i++) {
    x = values[label, variant, i]
    for (j = i - 1; j >= 1 && sorted[j] > x; j--)
      sorted[j + 1] = sorted[j]
    sorted[j + 1] = x
  }
  least = sorted[1]
  most = sorted[n]
  return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function median_text(label, variant,    m) {
  m = median(label, variant)
  return figure_of(m) " " unit[label] (count[label, variant] > 1 ? \
    " (" figure_of(least) ", " figure_of(most) ")" : "")
}

function ratio_of(label, a, b,    divisor) {
  if (!((label, a) in count) || !((label, b) in count))
    return "n/a"
  divisor = median(label, b)
  return divisor ? median(label, a) / divisor : "n/a"
}

function ratio_text(label, a, b, ratio,    i, n, low, high, one) {
  if (ratio == "n/a")
    return ""
  n = count[label, a] < count[label, b] ? count[label, a] : count[label, b]
  for (i = 1; i <= n; i++) {
    if (!values[label, b, i])
      continue
    one = values[label, a, i] / values[label, b, i]
    if (low == "" || one < low)
      low = one
    if (high == "" || one > high)
      high = one
  }
  return ratio_figure(ratio) "x " b (n > 1 ? " (" ratio_figure(low) ", " ratio_figure(high) ")" : "")
}

function figure_of(x) {
  if (x == int(x) && x < 1e15 && x > -1e15 || x >= 1000)
    return sprintf("%.0f", x)
  return sprintf(x >= 100 ? "%.0f" : x >= 10 ? "%.1f" : x >= 1 ? "%.2f" : "%.3g", x)
}

function ratio_figure(x) { return sprintf(x >= 100 ? "%.0f" : x >= 10 ? "%.1f" : "%.2f", x) }

# ----- the table -----

function add_line(a, b, c, d, e, f, g) {
  n_lines++
  cell(1, a); cell(2, b); cell(3, c); cell(4, d); cell(5, e); cell(6, f); cell(7, g)
}

function cell(column, value) {
  gsub(/[|]/, "/", value)
  cells[n_lines, column] = value
  if (length(value) > width[column])
    width[column] = length(value)
}

function print_lines(    line, column) {
  for (line = 1; line <= n_lines; line++) {
    for (column = 1; column <= 7; column++)
      printf "| %-" width[column] "s ", cells[line, column]
    print "|"
    if (line > 1)
      continue
    for (column = 1; column <= 7; column++)
      printf "|%s", dashes(width[column] + 2)
    print "|"
  }
}

function dashes(n,    text) {
  while (n-- > 0)
    text = text "-"
  return text
}
