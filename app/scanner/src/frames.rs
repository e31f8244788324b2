//! Which part of which frame the decoder gets, and how long it may think. Plain arithmetic.
//!
//! Public so that what is measured on drawn streams of frames is this, and not something like it.

/// The longest side of a picture for the decoder, in pixels.
const SIDE_MAX: f64 = 640.0;
/// How much more than the drawn frame is looked at: people hold labels over its edge.
const FRAME_SLACK: f64 = 1.25;

/// A rectangle; in CSS pixels on the page, in video pixels for a part of the video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Of the left edge.
    pub x: f64,
    /// Of the upper edge.
    pub y: f64,
    /// To the right edge.
    pub width: f64,
    /// To the lower edge.
    pub height: f64,
}

/// What the decoder gets of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// The part of the video, in its pixels.
    pub part: Rect,
    /// The part is drawn this many pixels wide, never larger than it is: at least 1.
    pub width: u32,
    /// As `width`.
    pub height: u32,
}

impl Cut {
    /// The cut of a `video_width` × `video_height` frame that `step` wants, `shown` on the page with a `frame` drawn
    /// above it. `None` before the video or the layout is there.
    ///
    /// Where all that is seen reaches the decoder in full detail anyway, the part under the drawn frame would show
    /// it less and nothing better: then it gets all, whatever the step says.
    pub fn of(step: Step, video_width: f64, video_height: f64, shown: Rect, frame: Rect) -> Option<Self> {
        let all = region(video_width, video_height, shown, None)?;
        let part = if step.framed && longest(all) > SIDE_MAX { region(video_width, video_height, shown, Some(frame))? } else { all };
        let (width, height) = size(part);
        Some(Self { part, width, height })
    }
}

/// The part of a `video_width` × `video_height` video that fills `shown` (`object-fit: cover`), or of that the part
/// under `frame` with some slack. Both rectangles in page coordinates. `None` before the video or the layout is there.
fn region(video_width: f64, video_height: f64, shown: Rect, frame: Option<Rect>) -> Option<Rect> {
    if video_width < 1.0 || video_height < 1.0 || shown.width < 1.0 || shown.height < 1.0 {
        return None;
    }
    let scale = (shown.width / video_width).max(shown.height / video_height);
    let part = match frame.filter(|frame| frame.width >= 1.0 && frame.height >= 1.0) {
        None => shown,
        Some(frame) => {
            let (width, height) = (frame.width * FRAME_SLACK, frame.height * FRAME_SLACK);
            Rect { x: frame.x + (frame.width - width) / 2.0, y: frame.y + (frame.height - height) / 2.0, width, height }
        }
    };
    // Only what can be seen: nobody expects a code beside the screen to be read.
    let (left, top) = (part.x.max(shown.x), part.y.max(shown.y));
    let (right, bottom) = ((part.x + part.width).min(shown.x + shown.width), (part.y + part.height).min(shown.y + shown.height));
    if right - left < 1.0 || bottom - top < 1.0 {
        return None;
    }
    // The video is centred in its box and its overhang is cut off on both sides.
    let (cut_x, cut_y) = ((video_width * scale - shown.width) / 2.0, (video_height * scale - shown.height) / 2.0);
    Some(Rect {
        x: (left - shown.x + cut_x) / scale,
        y: (top - shown.y + cut_y) / scale,
        width: (right - left) / scale,
        height: (bottom - top) / scale,
    })
}

/// The size that the decoder gets for a part of the video: never enlarged, at least one pixel.
fn size(part: Rect) -> (u32, u32) {
    let scale = (SIDE_MAX / longest(part)).min(1.0);
    let side = |length: f64| ((length * scale).round() as u32).max(1);
    (side(part.width), side(part.height))
}

fn longest(part: Rect) -> f64 {
    part.width.max(part.height)
}

/// What to do with the next frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Only the part under the drawn frame, in full detail, instead of all that is seen.
    pub framed: bool,
    /// The decoder's slower mode.
    pub thorough: bool,
}

/// Alternates parts and effort so that a slow phone still looks at ten frames a second.
#[derive(Default)]
pub struct Plan {
    frame: u32,
    /// How long a thorough look took lately, in milliseconds.
    thorough_ms: f64,
}

impl Plan {
    /// What to do with the frame that is there now.
    pub fn next_step(&mut self) -> Step {
        let every = match self.thorough_ms {
            ms if ms < 40.0 => 2,
            ms if ms < 120.0 => 4,
            _ => 8,
        };
        let frame = self.frame;
        self.frame = self.frame.wrapping_add(1);
        Step { framed: frame % 3 != 2, thorough: frame % every == every - 1 }
    }

    /// Learns from a look that took `ms`.
    pub fn took(&mut self, step: Step, ms: f64) {
        if step.thorough {
            self.thorough_ms = if self.thorough_ms == 0.0 { ms } else { self.thorough_ms * 0.75 + ms * 0.25 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn all_that_is_seen_is_the_middle_of_the_video() {
        let upright = region(720.0, 1280.0, rect(0.0, 0.0, 360.0, 240.0), None);

        assert_eq!(upright, Some(rect(0.0, 400.0, 720.0, 480.0)));
        assert_eq!(size(upright.unwrap()), (640, 427));
    }

    #[test]
    fn the_frame_is_looked_at_with_some_slack_and_in_full_detail() {
        let part = region(720.0, 1280.0, rect(0.0, 100.0, 360.0, 240.0), Some(rect(62.0, 160.0, 236.0, 156.0))).unwrap();

        assert_eq!((part.width, part.x + part.width / 2.0), (590.0, 360.0));
        assert_eq!(size(part), (590, 390));
    }

    #[test]
    fn nothing_outside_the_seen_part_is_looked_at() {
        let shown = rect(0.0, 0.0, 300.0, 150.0);
        let part = region(1280.0, 720.0, shown, Some(rect(-50.0, 100.0, 400.0, 200.0))).unwrap();

        assert!(part.x >= 0.0 && part.y >= 0.0 && part.x + part.width <= 1280.0 && part.y + part.height <= 720.0);
        assert_eq!(region(1280.0, 720.0, shown, Some(rect(900.0, 900.0, 10.0, 10.0))), None);
    }

    #[test]
    fn a_small_video_is_looked_at_whole_and_a_large_one_in_turns() {
        let (shown, frame) = (rect(0.0, 0.0, 360.0, 256.0), rect(64.0, 52.0, 232.0, 152.0));
        let framed = Step { framed: true, thorough: false };
        let whole = Step { framed: false, thorough: false };

        let cut = |step, width, height| Cut::of(step, width, height, shown, frame).unwrap();

        assert_eq!(cut(framed, 640.0, 480.0), cut(whole, 640.0, 480.0), "nothing is gained by looking at less");
        assert_eq!((cut(whole, 640.0, 480.0).width, cut(whole, 640.0, 480.0).height), (640, 455));
        assert_eq!((cut(framed, 720.0, 1280.0).width, cut(framed, 720.0, 1280.0).part.width), (580, 580.0), "in full detail");
        assert_eq!((cut(whole, 720.0, 1280.0).width, cut(whole, 720.0, 1280.0).part.width), (640, 720.0), "made smaller");
        assert_eq!(Cut::of(framed, 720.0, 1280.0, shown, rect(0.0, 0.0, 0.0, 0.0)).map(|cut| cut.width), Some(640), "frame hidden");
        assert_eq!(Cut::of(framed, 0.0, 0.0, shown, frame), None, "no video yet");
    }

    #[test]
    fn before_video_and_layout_there_is_nothing_to_look_at() {
        assert_eq!(region(0.0, 0.0, rect(0.0, 0.0, 360.0, 240.0), None), None);
        assert_eq!(region(1280.0, 720.0, rect(0.0, 0.0, 0.0, 0.0), None), None);
        assert!(region(1280.0, 720.0, rect(0.0, 0.0, 360.0, 240.0), Some(rect(0.0, 0.0, 0.0, 0.0))).is_some(), "frame hidden");
    }

    #[test]
    fn a_small_part_is_never_enlarged() {
        assert_eq!(size(rect(0.0, 0.0, 200.0, 100.0)), (200, 100));
        assert_eq!(size(rect(0.0, 0.0, 4000.0, 1.0)), (640, 1));
    }

    #[test]
    fn a_slow_phone_thinks_hard_less_often() {
        let thorough_of = |ms: f64| {
            let mut plan = Plan::default();
            (0..240)
                .filter(|_| {
                    let step = plan.next_step();
                    plan.took(step, ms);
                    step.thorough
                })
                .count()
        };

        assert!((115..=120).contains(&thorough_of(10.0)));
        assert!((58..=62).contains(&thorough_of(80.0)));
        assert!((29..=32).contains(&thorough_of(400.0)));
    }

    #[test]
    fn every_part_gets_both_efforts() {
        for ms in [10.0, 80.0, 400.0] {
            let mut plan = Plan::default();
            let steps: Vec<Step> = (0..48)
                .map(|_| {
                    let step = plan.next_step();
                    plan.took(step, ms);
                    step
                })
                .collect();
            for framed in [true, false] {
                for thorough in [true, false] {
                    assert!(steps.contains(&Step { framed, thorough }), "{ms} ms: {framed} {thorough}");
                }
            }
        }
    }
}
