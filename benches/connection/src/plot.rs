//! A line chart as SVG, with logarithmic axes.

use std::fmt::Write as _;

/// A line: its name, and the x and y of its points.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 40.0;
/// Distinguishable with colour blindness, on light and dark ground.
const COLOURS: [&str; 6] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
];

/// Returns the chart. `ticks` are the values of x with their names; y is in µs.
pub(crate) fn svg(title: &str, ticks: &[(f64, &str)], lines: &[Line]) -> String {
    let ys = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
    let (low, high) = ys.fold((f64::MAX, f64::MIN), |(low, high), y| {
        (low.min(y), high.max(y))
    });
    let (low, high) = (
        low.log10().floor(),
        high.log10().ceil().max(low.log10().floor() + 1.0),
    );
    let xs = ticks.iter().map(|(x, _)| x.ln());
    let (first, last) = xs.fold((f64::MAX, f64::MIN), |(first, last), x| {
        (first.min(x), last.max(x))
    });
    let x_at = |x: f64| LEFT + (x.ln() - first) / (last - first) * (WIDTH - LEFT - RIGHT);
    let y_at =
        |y: f64| HEIGHT - BOTTOM - (y.log10() - low) / (high - low) * (HEIGHT - TOP - BOTTOM);

    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{title}</text>\n"
    );
    for (x, name) in ticks {
        let x = x_at(*x);
        let y = HEIGHT - BOTTOM + 18.0;
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{name}</text>"
        );
    }
    let mut power = low;
    while power <= high {
        let value = 10f64.powf(power);
        let (y, end) = (y_at(value), WIDTH - RIGHT);
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {y:.1}H{end}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value} µs</text>",
            LEFT - 6.0,
            y + 4.0
        );
        power += 1.0;
    }
    // Names that would overlap move down.
    let mut ends: Vec<(f64, usize)> = lines
        .iter()
        .enumerate()
        .filter_map(|(at, line)| Some((y_at(line.points.last()?.1), at)))
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = f64::MIN;
    for (end, at) in ends {
        let (Some(line), Some(colour)) = (lines.get(at), COLOURS.get(at % COLOURS.len())) else {
            continue;
        };
        let points = line
            .points
            .iter()
            .map(|(x, y)| format!("{:.1},{:.1}", x_at(*x), y_at(*y)));
        let points: Vec<_> = points.collect();
        let name_y = free.max(end);
        free = name_y + 15.0;
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
            points.join(" "),
            WIDTH - RIGHT + 8.0,
            name_y + 4.0,
            line.name
        );
    }
    out + "</svg>\n"
}
