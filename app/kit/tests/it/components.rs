use kit::icon::path;
use kit::{Bar, BarTone, Field, Look, QrPlate, StampGrid};
use leptos::prelude::*;

/// Renders inside an owner, as the server does.
fn html<V: IntoView + 'static>(view: impl FnOnce() -> V) -> String {
    let owner = Owner::new();
    owner.with(|| view().into_view().to_html())
}

#[test]
fn a_stamp_grid_is_one_image_that_says_how_far() {
    let html = html(|| view! { <StampGrid done=3 goal=5 fresh=1 /> });

    assert!(html.contains("role=\"img\""), "{html}");
    assert!(html.contains("aria-label=\"3 de 5 sellos\""), "{html}");
    assert_eq!(html.matches("stamp--done").count(), 3);
    assert_eq!(html.matches("stamp--new").count(), 1);
    assert_eq!(html.matches("stamp--gift").count(), 1);
}

#[test]
fn a_code_that_the_server_does_not_know_is_white_paper() {
    let html = html(|| view! { <QrPlate text=String::new() label="Código de tu tarjeta" /> });

    assert!(html.contains("viewBox=\"0 0 33 33\""), "{html}");
    assert!(html.contains("d=\"\""), "{html}");
}

#[test]
fn a_field_shows_its_error_in_place_of_its_help() {
    let html = html(|| {
        let error = Some(String::from("Faltan 4 números."));
        view! { <Field id="phone" label="Celular" help="Te llega un código." error /> }
    });

    assert!(html.contains("aria-invalid=\"true\""), "{html}");
    assert!(html.contains("aria-describedby=\"phone-help\""), "{html}");
    assert!(html.contains("Faltan 4 números."), "{html}");
    assert!(!html.contains("Te llega un código."), "{html}");
}

#[test]
fn a_busy_button_says_so_and_keeps_its_words() {
    let html = html(|| view! { <kit::Button look=Look::Key icon=path::SCAN busy=true>"Enviando"</kit::Button> });

    assert!(html.contains("aria-busy=\"true\""), "{html}");
    assert!(html.contains("btn btn--key"), "{html}");
    assert!(html.contains("btn__spin"), "{html}");
    assert!(html.contains("Enviando"), "{html}");
}

#[test]
fn no_width_is_a_style() {
    let html = html(|| view! { <Bar permille=640u32 tone=BarTone::Data("#9F1239".into()) /> });

    assert!(html.contains("width=\"64.0%\""), "{html}");
    assert!(!html.contains("style="), "{html}");
}
