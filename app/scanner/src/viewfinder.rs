//! The camera on the screen: video, frame, what was read, torch and camera choice, and help when there is none.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use js_sys::{ArrayBuffer, Function};
use kit::{Icon, IntoLight, icon::path, live, t};
use leptos::{ev, html, prelude::*, svg, task::spawn_local};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlVideoElement, ImageData, VisibilityState};

use crate::{
    camera::{Camera, Trouble},
    decoder::{Answer, Decoder, DecoderUrls},
    feedback,
    frames::{Cut, Plan, Rect, Step},
    js,
    memory::{ReadMemory, Seen},
    read::Read,
};

/// What the frame says about the last code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FrameState {
    /// White: show me one.
    #[default]
    Looking,
    /// Green: understood.
    Read,
    /// Yellow: nobody knows this product.
    Unknown,
    /// Red: refused.
    Refused,
}

impl FrameState {
    const fn class(self) -> &'static str {
        match self {
            Self::Looking => "",
            Self::Read => " viewfinder--read",
            Self::Unknown => " viewfinder--unknown",
            Self::Refused => " viewfinder--refused",
        }
    }
}

/// How the camera is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraStatus {
    /// The page is not alive yet: what the server writes.
    Waiting,
    /// Asked for, not there yet; the browser may be asking the person.
    Starting,
    /// Films and is read.
    Live,
    /// Cannot be used, and why.
    Trouble(Trouble),
}

/// A picture unanswered for this long means that the worker hangs, in milliseconds.
const ANSWER_MS_MAX: f64 = 4_000.0;
/// Loading the module over a bad network may take this long, in milliseconds.
const LOAD_MS_MAX: f64 = 60_000.0;
/// Workers started in a row without a picture read: after that the person is told.
const WORKERS_MAX: u32 = 3;
/// Without a read for this long the torch is suggested, in milliseconds; for twice as long, typing.
const HINT_MS: f64 = 4_000.0;
/// A colour flash, where the phone cannot vibrate, lasts this long, in milliseconds …
const FLASH_MS: u64 = 120;
/// … and comes at most three times a second (WCAG 2.3.1), in milliseconds.
const FLASH_APART_MS: f64 = 340.0;

/// The camera as one component. It asks for the camera when it appears, and lets it go when it disappears or the
/// page is hidden.
#[component]
pub fn Viewfinder(
    /// Every code once: a new one, or one that comes again after a second out of sight.
    on_read: Callback<Read>,
    /// The colour of the frame; the caller knows what a code means.
    #[prop(into)]
    state: Signal<FrameState>,
    /// The decoder's files.
    decoder: DecoderUrls,
    /// What the pill says: the name of what was read, or what to do. Empty shows the viewfinder's own hint, if any.
    #[prop(optional, into)]
    label: Signal<String>,
    /// The same code shown again within a second, which does not count.
    #[prop(optional, into)]
    on_repeat: Option<Callback<Read>>,
    /// How the camera is, whenever it changes.
    #[prop(optional, into)]
    on_status: Option<Callback<CameraStatus>>,
    /// While true nothing is read: a sheet is open above.
    #[prop(optional, into)]
    paused: Signal<bool>,
    /// Changes when a new customer comes: codes seen before count again.
    #[prop(optional, into)]
    epoch: Signal<u32>,
    /// Left part of the bar above: back, the customer.
    lead: AnyView,
    /// Right part of the bar above, after the camera's own buttons: the keyboard.
    trail: AnyView,
) -> impl IntoView {
    let video = NodeRef::<html::Video>::new();
    let frame = NodeRef::<svg::Svg>::new();
    let status = RwSignal::new(CameraStatus::Waiting);
    let (has_torch, has_choice, torch) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let hint = RwSignal::new(Hint::None);
    let flash = RwSignal::new(false);
    // The wrapper is empty on the server, whose threads may pass this value on.
    let scanner = StoredValue::new(None::<SendWrapper<Rc<Scanner>>>);

    kit::effect(move |_| {
        let (Some(video), Some(frame)) = (video.get(), frame.get()) else {
            return;
        };
        if scanner.with_value(Option::is_some) {
            return;
        }
        let Some(fresh) = Scanner::new(
            video,
            frame.unchecked_into(),
            decoder.clone(),
            Wires { status, has_torch, has_choice, torch, hint, paused, on_read, on_repeat },
        ) else {
            status.set(CameraStatus::Trouble(Trouble::Decoder));
            return;
        };
        fresh.start();
        scanner.set_value(Some(SendWrapper::new(fresh)));
    });
    // On the server this owner goes right after rendering; there is nothing to stop then.
    on_cleanup(move || {
        if let Some(scanner) = scanner.try_update_value(Option::take).flatten() {
            scanner.stop();
        }
    });
    kit::effect(move |_| {
        let hidden = window_event_listener_untyped("visibilitychange", move |_| {
            scanner.with_value(|scanner| {
                let Some(scanner) = scanner else { return };
                match document().visibility_state() {
                    VisibilityState::Visible => scanner.start(),
                    _ => scanner.stop(),
                }
            });
        });
        let unlock = window_event_listener(ev::pointerdown, |_| feedback::unlock());
        on_cleanup(move || {
            hidden.remove();
            unlock.remove();
        });
    });
    Effect::new(move |before: Option<u32>| {
        let now = epoch.get();
        if before.is_some_and(|before| before != now) {
            scanner.with_value(|scanner| scanner.iter().for_each(|scanner| scanner.memory.borrow_mut().clear()));
        }
        now
    });
    kit::effect(move |_| {
        let now = status.get();
        if let Some(on_status) = on_status {
            on_status.run(now);
        }
        if let CameraStatus::Trouble(trouble) = now {
            live::alarm(help(trouble).0);
        }
    });
    // The page reacts to a read by changing the colour; where the phone cannot vibrate that colour flashes once.
    let flashed_ms = StoredValue::new(f64::NEG_INFINITY);
    kit::effect(move |_| {
        if state.get() == FrameState::Looking || feedback::can_vibrate() {
            return;
        }
        let now = js::now_ms();
        if now - flashed_ms.get_value() >= FLASH_APART_MS {
            flashed_ms.set_value(now);
            flash.set(true);
            set_timeout(move || flash.set(false), Duration::from_millis(FLASH_MS));
        }
    });

    let with_scanner = move |act: fn(&Rc<Scanner>)| scanner.with_value(|scanner| scanner.iter().for_each(|scanner| act(scanner)));
    let pill = move || {
        let label = label.get();
        if label.is_empty() { hint.get().text().to_owned() } else { label }
    };
    let class = move || ["viewfinder", state.get().class(), if flash.get() { " viewfinder--flash" } else { "" }].concat();
    let filming = move || status.get() == CameraStatus::Live;
    view! {
        <section class=class aria-label=t::tendero_scan_camera()>
            <video node_ref=video class="viewfinder__video" muted playsinline autoplay aria-hidden="true"></video>
            <div class="viewfinder__top">
                {lead}
                {move || (filming() && has_torch.get()).then(|| view! {
                    <button
                        type="button"
                        class="viewfinder__btn"
                        aria-label=move || if torch.get() { t::tendero_scan_torch_on() } else { t::tendero_scan_torch() }
                        aria-pressed=move || if torch.get() { "true" } else { "false" }
                        on:click=move |_| with_scanner(Scanner::switch_torch)
                    >
                        <Icon path=path::FLASHLIGHT />
                    </button>
                }.into_light())}
                {move || (filming() && has_choice.get()).then(|| view! {
                    <button
                        type="button"
                        class="viewfinder__btn"
                        aria-label=t::tendero_scan_switch_camera()
                        on:click=move |_| with_scanner(Scanner::switch_camera)
                    >
                        <Icon path=path::CAMERA_ROTATE />
                    </button>
                }.into_light())}
                {trail}
            </div>
            {move || match status.get() {
                CameraStatus::Live => ().into_light(),
                CameraStatus::Waiting => view! { <div class="viewfinder__help"><p>{t::scanner_waiting()}</p></div> }.into_light(),
                CameraStatus::Starting => view! { <div class="viewfinder__help"><p>{t::tendero_camera_loading()}</p></div> }.into_light(),
                CameraStatus::Trouble(trouble) => {
                    let (title, text) = help(trouble);
                    view! {
                        <div class="viewfinder__help">
                            <p class="strong">{title}</p>
                            <p class="small">{text}</p>
                            <button
                                type="button"
                                class="btn btn--outline"
                                hidden=!can_retry(trouble)
                                on:click=move |_| with_scanner(Scanner::start)
                            >
                                {t::common_retry()}
                            </button>
                        </div>
                    }
                    .into_light()
                }
            }}
            <svg node_ref=frame class="viewfinder__frame" class:viewfinder__frame--off=move || !filming() viewBox="0 0 236 156" aria-hidden="true">
                <path d=CORNERS></path>
            </svg>
            <p class="viewfinder__pill" hidden=move || pill().is_empty() || !filming()>
                {move || (state.get() == FrameState::Read).then(|| view! { <Icon path=path::CHECK size=18 /> }.into_light())}
                <span class="viewfinder__text">{pill}</span>
            </p>
        </section>
    }
}

/// Four rounded corners of 232 × 152, drawn inside their stroke.
const CORNERS: &str =
    "M3 31V19A16 16 0 0 1 19 3H31M205 3H217A16 16 0 0 1 233 19V31M233 125V137A16 16 0 0 1 217 153H205M31 153H19A16 16 0 0 1 3 137V125";

/// What the viewfinder suggests when it reads nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hint {
    None,
    Torch,
    Typing,
}

impl Hint {
    const fn after(idle_ms: f64, has_torch: bool) -> Self {
        if idle_ms >= 2.0 * HINT_MS {
            Self::Typing
        } else if idle_ms >= HINT_MS && has_torch {
            Self::Torch
        } else {
            Self::None
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Torch => t::tendero_camera_dark(),
            Self::Typing => t::scanner_hint_typing(),
        }
    }
}

/// Title and sentence; every one ends with what still works.
fn help(trouble: Trouble) -> (&'static str, &'static str) {
    match trouble {
        Trouble::Refused => (t::tendero_camera_refused_title(), t::tendero_camera_refused_text()),
        Trouble::Absent => (t::tendero_camera_absent_title(), t::tendero_camera_absent_text()),
        Trouble::Busy => (t::tendero_camera_busy_title(), t::tendero_camera_busy_text()),
        Trouble::Insecure => (t::tendero_camera_insecure(), t::tendero_camera_absent_text()),
        Trouble::Lost => (t::tendero_camera_lost(), t::scanner_lost_text()),
        Trouble::Decoder => (t::scanner_decoder_title(), t::scanner_decoder_text()),
    }
}

/// An address without TLS does not change by asking again.
const fn can_retry(trouble: Trouble) -> bool {
    !matches!(trouble, Trouble::Insecure)
}

/// What the scanner tells the component and the page.
#[derive(Clone, Copy)]
struct Wires {
    status: RwSignal<CameraStatus>,
    has_torch: RwSignal<bool>,
    has_choice: RwSignal<bool>,
    torch: RwSignal<bool>,
    hint: RwSignal<Hint>,
    paused: Signal<bool>,
    on_read: Callback<Read>,
    on_repeat: Option<Callback<Read>>,
}

/// Camera, decoder and the loop between them, in the browser.
struct Scanner {
    video: HtmlVideoElement,
    frame: Element,
    canvas: HtmlCanvasElement,
    pixels: CanvasRenderingContext2d,
    urls: DecoderUrls,
    wires: Wires,
    camera: RefCell<Option<Camera>>,
    decoder: RefCell<Option<Decoder>>,
    /// Counts starts and stops: what was begun in another run must not act in this one.
    run: Cell<u32>,
    ready: Cell<bool>,
    workers: Cell<u32>,
    started_ms: Cell<f64>,
    last_read_ms: Cell<f64>,
    plan: RefCell<Plan>,
    step: Cell<Option<Step>>,
    memory: RefCell<ReadMemory>,
    tick: RefCell<Option<Closure<dyn FnMut()>>>,
    /// The frame that was asked for: the browser must forget it before `tick` goes.
    pending: Cell<Option<f64>>,
}

impl Scanner {
    fn new(video: HtmlVideoElement, frame: Element, urls: DecoderUrls, wires: Wires) -> Option<Rc<Self>> {
        let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
        // Read back every frame: without this browsers keep the pixels on the graphics card.
        let wish = js::object(&[("willReadFrequently", true.into()), ("alpha", false.into())]);
        let pixels = canvas.get_context_with_context_options("2d", &wish).ok().flatten()?.dyn_into().ok()?;
        // The attribute alone is not enough where the element is created by script: an unmuted video does not autoplay.
        video.set_muted(true);
        Some(Rc::new(Self {
            video,
            frame,
            canvas,
            pixels,
            urls,
            wires,
            camera: RefCell::default(),
            decoder: RefCell::default(),
            run: Cell::new(0),
            ready: Cell::new(false),
            workers: Cell::new(0),
            started_ms: Cell::new(0.0),
            last_read_ms: Cell::new(0.0),
            plan: RefCell::default(),
            step: Cell::new(None),
            memory: RefCell::default(),
            tick: RefCell::default(),
            pending: Cell::new(None),
        }))
    }

    /// Opens the camera and loads the decoder side by side. Does nothing when both are under way.
    fn start(self: &Rc<Self>) {
        if matches!(self.wires.status.get_untracked(), CameraStatus::Starting | CameraStatus::Live) && self.run.get() % 2 == 1 {
            return;
        }
        let run = self.next_run(true);
        self.workers.set(0);
        self.tell(CameraStatus::Starting);
        self.start_decoder();
        let this = self.clone();
        spawn_local(async move {
            let opened = Camera::open().await;
            if this.run.get() != run {
                // Stopped while the person was asked: dropping the camera lets it go.
                return;
            }
            match opened {
                Ok(camera) => this.film(camera, run),
                Err(trouble) => this.fail(trouble),
            }
        });
    }

    /// Lets camera and worker go.
    fn stop(&self) {
        self.next_run(false);
        self.release();
        self.tell(CameraStatus::Starting);
    }

    fn fail(&self, trouble: Trouble) {
        self.next_run(false);
        self.release();
        self.tell(CameraStatus::Trouble(trouble));
    }

    /// The component may be gone already: then nobody listens.
    fn tell(&self, status: CameraStatus) {
        if self.wires.status.try_get_untracked().is_some_and(|before| before != status) {
            self.wires.status.set(status);
        }
    }

    fn release(&self) {
        self.forget_frame();
        self.video.set_src_object(None);
        self.camera.take();
        self.decoder.take();
        self.ready.set(false);
        let _ = self.wires.torch.try_set(false);
        let _ = self.wires.hint.try_set(Hint::None);
    }

    /// Odd numbers run, even ones rest.
    fn next_run(&self, running: bool) -> u32 {
        let run = self.run.get();
        let next = if (run % 2 == 1) == running { run.wrapping_add(2) } else { run.wrapping_add(1) };
        self.run.set(next);
        next
    }

    fn film(self: &Rc<Self>, mut camera: Camera, run: u32) {
        let this = Rc::downgrade(self);
        camera.on_ended(move || {
            // The listener belongs to the camera that is about to be dropped: act after it has returned.
            let this = this.clone();
            set_timeout(
                move || {
                    if let Some(this) = this.upgrade().filter(|this| this.run.get() == run) {
                        this.fail(Trouble::Lost);
                    }
                },
                Duration::ZERO,
            );
        });
        self.video.set_src_object(Some(camera.stream()));
        // Autoplay begins it; where a browser wants to be asked, this does. Its refusal shows as a black picture.
        let _ = self.video.play();
        self.wires.has_torch.set(camera.has_torch);
        self.wires.has_choice.set(camera.has_choice());
        self.camera.replace(Some(camera));
        self.last_read_ms.set(js::now_ms());
        self.tell(CameraStatus::Live);
        self.roll(run);
    }

    /// Looks at one frame after the other until the run ends.
    fn roll(self: &Rc<Self>, run: u32) {
        let this = Rc::downgrade(self);
        let tick = Closure::<dyn FnMut()>::new(move || {
            let Some(this) = this.upgrade().filter(|this| this.run.get() == run) else {
                return;
            };
            this.look();
            this.ask_frame();
        });
        self.tick.replace(Some(tick));
        self.ask_frame();
    }

    /// Once per new frame where the browser can tell, else once per repaint.
    fn ask_frame(&self) {
        let tick = self.tick.borrow();
        let Some(tick) = tick.as_ref().map(|tick| tick.as_ref().unchecked_ref::<Function>()) else {
            return;
        };
        let asked = match js::method(&self.video, "requestVideoFrameCallback") {
            Some(ask) => ask.call1(&self.video, tick).ok().and_then(|handle| handle.as_f64()),
            None => window().request_animation_frame(tick).ok().map(f64::from),
        };
        self.pending.set(asked);
    }

    fn forget_frame(&self) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        let _ = match js::method(&self.video, "cancelVideoFrameCallback") {
            Some(forget) => forget.call1(&self.video, &pending.into()).map(drop),
            None => window().cancel_animation_frame(pending as i32),
        };
    }

    /// Sends a picture of this frame, unless one is still being read.
    fn look(self: &Rc<Self>) {
        let now = js::now_ms();
        self.suggest(now);
        if !self.ready.get() {
            if now - self.started_ms.get() > LOAD_MS_MAX {
                self.restart_decoder();
            }
            return;
        }
        let waiting = self.decoder.borrow().as_ref().map_or(0.0, |decoder| decoder.waiting_ms(now));
        if waiting > ANSWER_MS_MAX {
            self.restart_decoder();
            return;
        }
        let free = self.decoder.borrow().as_ref().is_some_and(Decoder::is_free);
        if !free || self.wires.paused.try_get_untracked().unwrap_or(true) {
            return;
        }
        let step = self.plan.borrow_mut().next_step();
        if let Some((rgba, width, height)) = self.picture(step)
            && let Some(decoder) = self.decoder.borrow().as_ref()
        {
            self.step.set(Some(step));
            decoder.send(&rgba, width, height, step.thorough, now);
        }
    }

    /// The pixels of a part of this frame. They never enter this module's memory.
    fn picture(&self, step: Step) -> Option<(ArrayBuffer, u32, u32)> {
        let (video_width, video_height) = (f64::from(self.video.video_width()), f64::from(self.video.video_height()));
        let Cut { part, width, height } = Cut::of(step, video_width, video_height, on_page(&self.video), on_page(&self.frame))?;
        if (self.canvas.width(), self.canvas.height()) != (width, height) {
            self.canvas.set_width(width);
            self.canvas.set_height(height);
        }
        let (wide, high) = (f64::from(width), f64::from(height));
        let source: &HtmlVideoElement = &self.video;
        self.pixels
            .draw_image_with_html_video_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                source,
                part.x,
                part.y,
                part.width,
                part.height,
                0.0,
                0.0,
                wide,
                high,
            )
            .ok()?;
        let image: ImageData = self.pixels.get_image_data(0.0, 0.0, wide, high).ok()?;
        let rgba = js::get(&js::get(&image, "data"), "buffer").dyn_into().ok()?;
        Some((rgba, width, height))
    }

    fn start_decoder(self: &Rc<Self>) {
        self.ready.set(false);
        self.workers.set(self.workers.get() + 1);
        self.started_ms.set(js::now_ms());
        let (this, run) = (Rc::downgrade(self), self.run.get());
        let decoder = Decoder::start(&self.urls, move |answer| {
            if let Some(this) = this.upgrade().filter(|this| this.run.get() == run) {
                this.answered(answer);
            }
        });
        let started = decoder.is_some();
        self.decoder.replace(decoder);
        if !started {
            self.fail(Trouble::Decoder);
        }
    }

    /// Outside the worker's own callback, which is dropped here.
    fn restart_decoder(self: &Rc<Self>) {
        let (this, run) = (self.clone(), self.run.get());
        self.ready.set(false);
        self.started_ms.set(js::now_ms());
        set_timeout(
            move || match this.run.get() == run {
                true if this.workers.get() < WORKERS_MAX => this.start_decoder(),
                true => this.fail(Trouble::Decoder),
                false => {}
            },
            Duration::ZERO,
        );
    }

    fn answered(self: &Rc<Self>, answer: Answer) {
        match answer {
            Answer::Ready => self.ready.set(true),
            Answer::Failed | Answer::Broken => self.restart_decoder(),
            Answer::Reads(reads, ms) => {
                if let Some(decoder) = self.decoder.borrow().as_ref() {
                    decoder.free();
                }
                if let Some(step) = self.step.take() {
                    self.plan.borrow_mut().took(step, ms);
                }
                self.workers.set(1);
                reads.into_iter().for_each(|read| self.sighted(read));
            }
        }
    }

    fn sighted(&self, read: Read) {
        let now = js::now_ms();
        self.last_read_ms.set(now);
        let seen = self.memory.borrow_mut().see(&read, now);
        match seen {
            // A sheet may have opened while the picture was with the decoder.
            Seen::New if self.wires.paused.try_get_untracked().unwrap_or(true) => self.memory.borrow_mut().forget(&read),
            Seen::New => self.wires.on_read.run(read),
            Seen::Repeat => {
                if let Some(on_repeat) = self.wires.on_repeat {
                    on_repeat.run(read);
                }
            }
            Seen::Still | Seen::Unsure => {}
        }
    }

    fn suggest(&self, now_ms: f64) {
        let has_torch = self.wires.has_torch.get_untracked() && !self.wires.torch.get_untracked();
        let hint = Hint::after(now_ms - self.last_read_ms.get(), has_torch);
        if self.wires.hint.get_untracked() != hint {
            self.wires.hint.set(hint);
        }
    }

    fn switch_torch(self: &Rc<Self>) {
        let Some(track) = self.camera.borrow().as_ref().map(Camera::track) else {
            return;
        };
        let (on, torch) = (!self.wires.torch.get_untracked(), self.wires.torch);
        spawn_local(async move {
            if Camera::torch(track, on).await {
                torch.set(on);
            }
        });
    }

    fn switch_camera(self: &Rc<Self>) {
        if let Some(camera) = self.camera.borrow().as_ref() {
            camera.choose_next();
        }
        // A phone opens its second camera only after the first is let go.
        self.stop();
        self.start();
    }
}

fn on_page(element: &Element) -> Rect {
    let rect = element.get_bounding_client_rect();
    Rect { x: rect.x(), y: rect.y(), width: rect.width(), height: rect.height() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_comes_after_four_and_eight_seconds() {
        assert_eq!(Hint::after(3_999.0, true), Hint::None);
        assert_eq!(Hint::after(4_000.0, true), Hint::Torch);
        assert_eq!(Hint::after(4_000.0, false), Hint::None, "no torch to suggest");
        assert_eq!(Hint::after(8_000.0, true), Hint::Typing);
    }

    #[test]
    fn every_trouble_says_what_happened_and_what_still_works() {
        for trouble in [Trouble::Refused, Trouble::Absent, Trouble::Busy, Trouble::Insecure, Trouble::Lost, Trouble::Decoder] {
            let (title, text) = help(trouble);
            assert!(!title.is_empty() && !text.is_empty() && title.chars().count() <= 60, "{trouble:?}");
        }
    }
}
