//! The camera: asking for it, its torch, the choice between several, and letting it go.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, MediaDeviceInfo, MediaDeviceKind, MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack,
    MediaTrackConstraints,
};

use crate::js;

/// Why there is no picture; each has its own help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The person or the phone's settings said no.
    Refused,
    /// There is no camera.
    Absent,
    /// Another application holds it.
    Busy,
    /// The page came without TLS, and browsers then hide the camera.
    Insecure,
    /// It was there and went: unplugged, or taken by a call.
    Lost,
    /// The camera is fine and the decoder does not start.
    Decoder,
}

/// The camera that the person chose on this phone.
const CHOSEN: &str = "mostrador.camera";

/// A camera that films.
pub(crate) struct Camera {
    stream: MediaStream,
    track: MediaStreamTrack,
    /// Whether it has a lamp that a page may switch.
    pub(crate) has_torch: bool,
    /// All cameras; more than one is worth a choice.
    devices: Vec<String>,
    ended: Option<Closure<dyn FnMut()>>,
}

impl Camera {
    /// Asks for the camera chosen before, else the one that looks away from the person.
    ///
    /// The first time the browser asks the person, so this can take as long as a person takes.
    pub(crate) async fn open() -> Result<Self, Trouble> {
        let devices = devices()?;
        let chosen = js::storage().and_then(|kept| kept.get_item(CHOSEN).ok().flatten());
        let stream = match ask(&devices, chosen.as_deref()).await {
            // A camera that was unplugged since must not lock out the others.
            Err(Trouble::Absent) if chosen.is_some() => ask(&devices, None).await?,
            other => other?,
        };
        let track: MediaStreamTrack = stream.get_video_tracks().get(0).dyn_into().map_err(|_| Trouble::Absent)?;
        let has_torch = js::method(&track, "getCapabilities")
            .and_then(|capabilities| capabilities.call0(&track).ok())
            .is_some_and(|capabilities| js::get(&capabilities, "torch").is_truthy());
        let devices = cameras(&devices).await;
        Ok(Self { stream, track, has_torch, devices, ended: None })
    }

    pub(crate) fn stream(&self) -> &MediaStream {
        &self.stream
    }

    pub(crate) fn has_choice(&self) -> bool {
        self.devices.len() > 1
    }

    /// Remembers the camera after the present one; [`Camera::open`] then takes it.
    pub(crate) fn choose_next(&self) {
        let present = js::method(&self.track, "getSettings")
            .and_then(|settings| settings.call0(&self.track).ok())
            .and_then(|settings| js::get(&settings, "deviceId").as_string());
        let place = self.devices.iter().position(|id| Some(id) == present.as_ref()).map_or(0, |place| place + 1);
        if let (Some(next), Some(kept)) = (self.devices.get(place % self.devices.len().max(1)), js::storage()) {
            // Without storage the choice cannot outlive the camera; the first one comes back.
            let _ = kept.set_item(CHOSEN, next);
        }
    }

    /// Switches the lamp; `false` when the camera refuses.
    pub(crate) async fn torch(track: MediaStreamTrack, on: bool) -> bool {
        let wish = js::object(&[("torch", on.into())]);
        let constraints: MediaTrackConstraints = js::object(&[("advanced", Array::of1(&wish).into())]).unchecked_into();
        match track.apply_constraints_with_constraints(&constraints) {
            Ok(applied) => JsFuture::from(applied).await.is_ok(),
            Err(_) => false,
        }
    }

    pub(crate) fn track(&self) -> MediaStreamTrack {
        self.track.clone()
    }

    /// Calls back once when the camera goes by itself.
    pub(crate) fn on_ended(&mut self, act: impl FnMut() + 'static) {
        let closure = Closure::<dyn FnMut()>::new(act);
        let _ = self.track.add_event_listener_with_callback("ended", closure.as_ref().unchecked_ref());
        self.ended = Some(closure);
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        if let Some(closure) = self.ended.take() {
            let _ = self.track.remove_event_listener_with_callback("ended", closure.as_ref().unchecked_ref());
        }
        for track in self.stream.get_tracks() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
    }
}

fn devices() -> Result<MediaDevices, Trouble> {
    // Without TLS `mediaDevices` is missing altogether, whatever the type says.
    js::get(&leptos::prelude::window().navigator(), "mediaDevices").dyn_into().map_err(|_| Trouble::Insecure)
}

async fn ask(devices: &MediaDevices, device: Option<&str>) -> Result<MediaStream, Trouble> {
    let ideal = |value: JsValue| js::object(&[("ideal", value)]);
    let which = match device {
        Some(id) => ("deviceId", js::object(&[("exact", id.into())])),
        None => ("facingMode", ideal("environment".into())),
    };
    // 1280 × 720 shows a barcode of a third of the width with three pixels per module.
    let video = js::object(&[which, ("width", ideal(1280.into())), ("height", ideal(720.into()))]);
    let wanted: MediaStreamConstraints = js::object(&[("audio", false.into()), ("video", video)]).unchecked_into();
    let asked = devices.get_user_media_with_constraints(&wanted).map_err(|error| trouble(&error))?;
    JsFuture::from(asked).await.map(JsCast::unchecked_into).map_err(|error| trouble(&error))
}

/// Names of "Media Capture and Streams", section getUserMedia().
fn trouble(error: &JsValue) -> Trouble {
    match error.dyn_ref::<DomException>().map(DomException::name).as_deref() {
        Some("NotAllowedError" | "SecurityError") => Trouble::Refused,
        Some("NotReadableError" | "AbortError") => Trouble::Busy,
        Some(_) => Trouble::Absent,
        None => Trouble::Insecure,
    }
}

async fn cameras(devices: &MediaDevices) -> Vec<String> {
    let Ok(asked) = devices.enumerate_devices() else {
        return Vec::new();
    };
    let Ok(all) = JsFuture::from(asked).await else {
        return Vec::new();
    };
    Array::from(&all)
        .iter()
        .filter_map(|device| device.dyn_into::<MediaDeviceInfo>().ok())
        .filter(|device| device.kind() == MediaDeviceKind::Videoinput && !device.device_id().is_empty())
        .map(|device| device.device_id())
        .collect()
}
