### Every word of the screens, in neutral Latin-American Spanish: tú, present tense, verbs that people say aloud.
### Say what happened, what is safe, what to do. Keys are area-screen-meaning, ordered by area.
### A parameter that selects a plural (or stands in NUMBER) is an i64, any other is text: numbers that may reach
### four digits come as text from shared::format, beside the i64 that selects.

## common: words that every front uses

common-brand = Mostrador
common-title = { $page } · Mostrador
common-skip-main = Ir al contenido
common-skip-action = Ir al botón principal
common-back = Volver
common-close = Cerrar
common-cancel = Cancelar
common-save = Guardar
common-saved = Guardado
common-saving = Guardando
common-sending = Enviando
common-continue = Seguir
common-retry = Intentar otra vez
common-undo = Deshacer
common-done = Listo
common-edit = Corregir
common-remove = Quitar
common-add = Agregar
common-more = Más
common-see = Ver
common-see-all = Ver todo
common-load-more = Cargar más
common-search = Buscar
common-clear = Borrar
common-filter = Filtro
common-copy = Copiar
common-copied = Copiado
common-print = Imprimir
common-share = Compartir
common-download = Descargar
common-help = Ayuda
common-optional = opcional
common-yes = Sí
common-no = No
common-all = Todo
common-none = Ninguno
common-name = Nombre
category-drink = Bebidas
category-snack = Galletas y pasabocas
category-soap = Aseo
category-coffee = Café
category-dairy = Lácteos
category-grain = Granos y despensa
category-other = Otra
common-total = Total
common-today = Hoy
common-yesterday = Ayer
common-this-week = Esta semana
common-before = Antes
common-sign-out = Salir
common-understood = Entendido
common-loading = Cargando
common-menu = Menú
common-main-nav = Principal
common-sections = Secciones
common-points = { $count ->
    [one] punto
   *[other] puntos
}
common-points-count = { $count ->
    [one] { $shown } punto
   *[other] { $shown } puntos
}
common-stamps = { $count ->
    [one] sello
   *[other] sellos
}
common-units = { $count ->
    [one] unidad
   *[other] unidades
}
common-stamps-count = { $count ->
    [one] 1 sello
   *[other] { NUMBER($count) } sellos
}
common-products-count = { $count ->
    [one] 1 producto
   *[other] { NUMBER($count) } productos
}
common-purchases = { $count ->
    [one] compra
   *[other] compras
}
common-rewards = { $count ->
    [one] premio
   *[other] premios
}
common-rewards-count = { $count ->
    [one] 1 premio
   *[other] { $shown } premios
}
common-days-count = { $count ->
    [one] 1 día
   *[other] { NUMBER($count) } días
}
common-stamps-of = { NUMBER($done) } de { NUMBER($goal) } sellos
common-card-ending = Tarjeta ••{ $digits }
common-person-card = { $name } · ••{ $digits }
common-error-title = No pudimos cargar
common-error-safe = Tus datos están a salvo.
common-error-code = Error { $code }
common-offline-title = Ves lo último guardado
common-offline-from = De { $when }. Se actualiza solo.
common-offline-seen = Ves lo guardado: { $when }
common-offline-now = Sin internet
common-offline-page-title = Esta página necesita señal
common-not-found-title = Aquí no hay nada
common-not-found-text = Revisa la dirección o vuelve al inicio.
common-forbidden-title = Tu rol no ve esta página
common-not-found-action = Ir al inicio
common-needs-script = Esta parte necesita que el navegador pueda ejecutar la aplicación. Actualiza el navegador o activa JavaScript.
common-quantity-less = Uno menos: { $product }
common-quantity-more = Uno más: { $product }
common-quantity-remove = Quitar { $product }
common-quantity-of = Cantidad de { $product }
common-code-digits = Código de 6 números
common-show-password = Mostrar la contraseña
common-hide-password = Ocultar la contraseña
common-state-active = Activa
common-state-draft = Borrador
common-state-scheduled = Programada
common-state-paused = Pausada
common-state-ended = Terminada
common-state-accepted = Aceptada
common-state-held = En revisión
common-state-rejected = No sumó
common-state-pending = Por enviar

## landing: the door to every front

landing-title = Mostrador
landing-lead = La tarjeta de puntos de tu barrio: tu tienda escanea, las marcas premian.
landing-consumer = Mi tarjeta
landing-consumer-text = Muestra tu código y suma en cada compra.
landing-tendero = Mi tienda
landing-tendero-text = Escanea, suma puntos a tus clientes y gana.
landing-brand = Mi marca
landing-brand-text = Crea campañas y mira qué pasa en las tiendas.
landing-backoffice = Operación
landing-backoffice-text = Tiendas, productos, personas y auditoría.

## join: the consumer signs up (A1)

join-step = { NUMBER($step) } de { NUMBER($steps) }
join-phone-title = Tu tarjeta
join-phone-title-shop = Tu tarjeta para { $shop }
join-phone-lead = Suma puntos y sellos en cada compra. No cuesta nada y toma un minuto.
join-phone-label = Celular
join-phone-country = País
join-phone-help = Te llega un código por WhatsApp.
join-phone-action = Enviarme el código
join-phone-busy = Enviando
join-phone-offline = Sin internet. Apenas vuelva, te mandamos el código.
join-phone-existing = ¿Ya tienes tarjeta? Escribe el mismo celular.
join-shop-closed = Esta tienda ya no participa. Tu tarjeta sirve en { $shops } más.
join-code-title = Escribe el código
join-code-sent = Lo mandamos al { $phone }.
join-code-label = Código de 6 números
join-code-name = ¿Cómo te decimos?
join-code-name-help = Así te saluda la tienda. Puedes dejarlo vacío.
join-code-action = Seguir
join-code-busy = Revisando
join-code-resend = Reenviar el código
join-code-resend-in = Reenviar en { NUMBER($seconds) } s
join-code-sms = Mejor por SMS
join-code-counter = Pídeselo a la tienda
join-code-change = Cambiar el celular
join-code-tries-left = { $tries ->
    [one] Ese código no es. Te queda 1 intento.
   *[other] Ese código no es. Te quedan { NUMBER($tries) } intentos.
}
join-consent-title = Tú decides
join-consent-lead = Sumas puntos aunque digas que no a lo opcional.
join-consent-age = ¿Tienes 18 años o más?
join-consent-age-yes = Sí, soy mayor
join-consent-age-no = No
join-consent-age-missing = Dinos si tienes 18 años o más.
join-consent-minor-title = Hay dos formas de seguir
join-consent-minor-tutor = Con tu mamá, papá o tutor
join-consent-minor-tutor-text = Con su celular, su código y su permiso.
join-consent-minor-anonymous = Tarjeta sin datos
join-consent-minor-anonymous-text = Sumas sin dar tu celular y sin mensajes. Pídela en la tienda.
join-consent-required-title = Guardar mi tarjeta y mis compras
join-consent-required-text = Tu celular y lo que compras, para sumar tus puntos.
join-consent-required-tag = Necesario
join-consent-notices-title = Avisos por WhatsApp
join-consent-notices-text = Puntos, premios y vencimientos.
join-consent-brand-title = Promociones de { $brand }
join-consent-brand-text = Máximo 2 mensajes al mes.
join-consent-action = Crear mi tarjeta
join-consent-busy = Creando tu tarjeta
join-consent-full-text = Lee el texto completo
join-consent-change-later = Cámbialo cuando quieras
join-phone-move = ¿Ya la abriste en este celular? Pásala con un código
join-recover-title = Encontramos tu tarjeta { $label }
join-recover-lead = Tus puntos y sellos siguen igual.
join-recover-empty = Aún no tiene puntos ni sellos.
join-recover-stamps = { $have } de { $need } sellos
join-recover-stops = Si la abriste en otro celular, allá deja de funcionar.
join-recover-action = Usar en este celular
join-move-title = Pasa tu tarjeta a esta app
join-move-lead = Abre tu tarjeta en el navegador donde ya la tienes. Entra en «Tú» y pide el código.
join-move-label = Código de 8 letras y números
join-move-help = Sirve 10 minutos y una sola vez.
join-move-action = Abrir mi tarjeta
join-move-phone = No tengo el código, usar mi celular
join-welcome = Te damos la bienvenida
join-existing-title = Ya tienes tarjeta. Aquí está
join-show-title = Muéstrala en la caja
join-show-text = La tienda la lee con su celular y tú sumas.
join-show-action = Ver mi tarjeta

## recover: the same card on another phone (A4)

recover-title = Encontramos tu tarjeta
recover-card = Tarjeta ••{ $digits }
recover-balance = { $points } puntos de { $brand }
recover-warning = El celular anterior deja de mostrarla.
recover-action = Usar en este celular
recover-elsewhere = Esta tarjeta se abrió en otro celular
recover-elsewhere-text = Tus puntos siguen ahí. Para verla aquí otra vez, entra con tu número: el otro celular deja de mostrarla.

## consumer: card, rewards, history, you (A3, A5, A6, A7)

consumer-bar-card = Tarjeta
consumer-bar-rewards = Premios
consumer-bar-history = Historial
consumer-bar-you = Tú
consumer-home-title = Tarjeta
consumer-home-hello = Hola, { $name }
consumer-home-hello-nobody = Tu tarjeta
consumer-home-code-label = Código de tu tarjeta
consumer-home-tap = Tócala para verla en grande
consumer-home-new-in = Código nuevo en
consumer-home-seconds-left = { $seconds ->
    [one] Código nuevo en 1 segundo
   *[other] Código nuevo en { NUMBER($seconds) } segundos
}
consumer-home-code-missing = Tu código aparece aquí en cuanto carga la página.
consumer-home-near = Te falta poco
consumer-home-balances = Tus puntos
consumer-home-stamps-missing = { $count ->
    [one] Falta { $stamps }
   *[other] Faltan { $stamps }
}
consumer-home-stamps-for = : { $reward }
consumer-home-reward-ready = Tienes un premio listo
consumer-home-reward-ready-text = { $reward }. Muéstralo en la tienda.
consumer-home-reward-show = Mostrar el código
consumer-home-campaigns = Campañas cerca de ti
consumer-home-join = Quiero sumar
consumer-home-joined = Ya participas
consumer-home-connect-soon = Conéctate pronto para que tu tarjeta siga al día.
consumer-offline-page-text = Tu tarjeta funciona igual: muéstrala en la tienda.
consumer-home-empty-title = Aún no tienes sellos
consumer-home-empty-text = Muestra tu tarjeta en tu próxima compra.
consumer-home-no-campaigns = Sumarás cuando una marca active premios aquí.
consumer-home-connect = Conéctate pronto para que tu tarjeta siga al día.
consumer-home-clock-title = La hora de tu celular está corrida
consumer-home-clock-fast = Va { $by } adelantada. Tu código sirve igual, o dicta uno de seis números.
consumer-home-clock-slow = Va { $by } atrasada. Tu código sirve igual, o dicta uno de seis números.
consumer-home-clock-set-back = Se atrasó al menos { $by } desde la última vez que te conectaste: tu código no sirve así. Conéctate o dicta uno.
consumer-home-clock-how = Abre los Ajustes del celular, busca Fecha y hora y activa la hora automática.
consumer-home-show-code = Mostrar mi código
consumer-home-elsewhere-text = Tu tarjeta se muestra en tres celulares a la vez, y este ya no es uno de ellos. Tus puntos no cambiaron.
consumer-home-while-away = Mientras no tenías señal: +{ $many } en { $shop }
consumer-home-clock-fix = Cómo arreglarla
consumer-home-dictate = Dictar código
consumer-home-dictate-instead = ¿No la lee la cámara? Dicta un código
consumer-dictate-lead = Dile estos números a la tienda:
consumer-dictate-life = Sirven una vez y por un minuto. No se los digas a nadie más.
consumer-dictate-over = Este código ya venció.
consumer-dictate-again = Dame otro código
consumer-full-hint = Sube el brillo y acércala a la cámara de la tienda.
consumer-full-done = Listo
consumer-received-points = { $count ->
    [one] Sumaste { $shown } punto en { $shop }
   *[other] Sumaste { $shown } puntos en { $shop }
}
consumer-received-stamps = { $count ->
    [one] Sumaste 1 sello en { $shop }
   *[other] Sumaste { NUMBER($count) } sellos en { $shop }
}
consumer-received-offline = Mientras no tenías señal: { $what }
consumer-rewards-title = Premios
consumer-rewards-ready = Listos para recoger
consumer-rewards-reachable = Ya te alcanzan
consumer-rewards-soon = Te falta poco
consumer-rewards-progress = { $have } de { $need } puntos
consumer-rewards-missing = { $count ->
    [one] Te falta { $shown } punto
   *[other] Te faltan { $shown } puntos
}
consumer-rewards-stock = { $count ->
    [one] Queda 1
   *[other] Quedan { NUMBER($count) }
}
consumer-rewards-choose = Apartar
consumer-rewards-cost = Cuesta { $cost } · tienes { $have }
consumer-rewards-in-debt = Antes debes completar los puntos que debes.
consumer-rewards-done = Anteriores
consumer-rewards-held = Apartado hasta las { $time }
consumer-rewards-lapsed = No lo recogiste a tiempo: tus puntos volvieron
consumer-rewards-cancelled = Cancelado: tus puntos volvieron
consumer-rewards-left-minutes = { $count ->
    [one] Te queda 1 minuto para recogerlo.
   *[other] Te quedan { NUMBER($count) } minutos para recogerlo.
}
consumer-rewards-over = Se acabó el tiempo: tus puntos vuelven solos.
consumer-rewards-release = Ya no lo quiero: devolver mis puntos
consumer-rewards-empty-title = Todavía no hay premios
consumer-rewards-empty-text = Cuando completes una tarjeta de sellos, tu premio aparece aquí.
consumer-rewards-empty-action = Ver mi tarjeta
consumer-reward-code-title = Muéstralo en la tienda
consumer-reward-code-label = Código de tu premio
consumer-reward-code-until = Recógelo hasta el { $date }.
consumer-reward-code-no-limit = Sin fecha límite.
consumer-reward-delivered = Lo recibiste en { $shop } el { $date }
consumer-reward-done-title = Que lo disfrutes
consumer-history-title = Historial
consumer-history-brand = Marca
consumer-history-available = Puedes usar
consumer-history-pending = Por activarse
consumer-history-expiring = Vencen { $points } el { $date }
consumer-history-coming-expires = Vencen el { $date }
consumer-history-coming-more = { $count ->
    [one] Ver 1 fecha más
   *[other] Ver { NUMBER($count) } fechas más
}
consumer-history-coming-activates = Las puedes usar desde el { $date }
consumer-history-expiring-none = Nada vence pronto
consumer-history-expiry-title = Cuándo vencen
consumer-history-all = Todo
consumer-history-earned = Sumaste
consumer-history-used = Usaste
consumer-history-activates = el { $date }
consumer-history-cap-day = Tope del día: { $points }
consumer-history-purchase = Compra en { $shop }
consumer-history-return = Devolución
consumer-history-expired = Vencieron
consumer-history-activated = Se activaron
consumer-history-reward-issued = Ganaste { $reward }
consumer-history-reward-received = La recibiste en { $shop }
consumer-history-reserved = Apartaste { $reward }
consumer-history-released = Soltaste { $reward }
consumer-history-refunded = Volvieron de { $reward }
consumer-history-repaid = Se descontaron de lo que debías
consumer-history-adjusted = Ajuste
consumer-history-transferred = De tu tarjeta anterior
consumer-history-debt = { $count ->
    [one] Debes { $shown } punto. Se descuenta de tu próxima compra.
   *[other] Debes { $shown } puntos. Se descuentan de tu próxima compra.
}
consumer-history-empty-title = Aún no hay movimientos
consumer-history-empty-text = Tu primera compra aparece aquí apenas la tienda la registre.
consumer-history-empty-action = Ver mi tarjeta
consumer-history-cached = Ves lo guardado { $when }
consumer-purchase-title = Tu compra
consumer-purchase-lines = Lo que llevaste
consumer-purchase-results = Lo que sumaste
consumer-purchase-dispute = No me sumó bien
consumer-you-title = Tú
consumer-you-name = ¿Cómo te decimos?
consumer-you-permissions = Permisos
consumer-you-permission-given = Lo diste el { $date }
consumer-you-permission-on = Permiso activado
consumer-you-permission-off = Permiso retirado
consumer-you-data = Mis datos
consumer-you-phones = Mis celulares
consumer-you-this-phone = Este celular
consumer-you-move-title = Tu tarjeta en la app
consumer-you-move-text = La app instalada te pide entrar la primera vez. Con un código abres allá esta misma tarjeta.
consumer-you-move-action = Pasar mi tarjeta a la app
consumer-you-move-type = En la app, toca «Pásala con un código» y escribe:
consumer-you-move-life = Sirve 10 minutos y una sola vez.
consumer-you-help = Ayuda
consumer-you-sign-out = Salir en este celular
consumer-enrol-terms = Cómo se gana
consumer-enrol-action = Quiero sumar
consumer-enrol-done = Listo, ya sumas con { $brand }

## tendero: first run (B1)

start-title = Abre tu tienda
start-lead = Registra tu tienda y escanea tu primera compra en 4 minutos.
start-register = Registrar mi tienda
start-log-in = Ya tengo tienda
start-cashier = Trabajo en una tienda
start-phone-title = Tu celular
start-phone-help = Te llega un código por WhatsApp. Con él entras siempre.
start-shop-title = Tu tienda
start-shop-name = Nombre de la tienda
start-shop-name-help = Como la conocen los vecinos.
start-shop-owner = Tu nombre
start-shop-city = Ciudad
start-shop-zone = Barrio o zona
start-shop-here = Estoy en la tienda
start-shop-here-done = Punto guardado
start-shop-here-refused = El celular no dio la ubicación. Puedes seguir sin ella.
start-shop-distributor = Código del distribuidor
start-shop-distributor-help = Lo dice tu factura.
start-shop-action = Crear mi tienda
start-shop-busy = Creando tu tienda
start-role-title = ¿Qué haces en la tienda?
start-role-owner = Soy dueño
start-role-cashier = Trabajo aquí
start-join-title = Únete a la tienda
start-join-code = Código que te dio el dueño
start-join-action = Unirme
start-device-title = Este celular firma tus ventas
start-device-text = Guardamos una llave en este celular. No sale de aquí y puedes anularla cuando quieras.
start-device-name = Nombre de este celular
start-device-name-default = Celular de la tienda
start-device-action = Activar este celular
start-device-busy = Activando
start-device-refused = Este navegador no deja guardar la llave. Usa uno más nuevo o sal del modo privado.
start-camera-title = Vamos a usar la cámara
start-camera-text = Sirve para leer tarjetas y códigos. No graba nada.
start-camera-action = Permitir la cámara
start-choose-shop = ¿A qué tienda entras?

## tendero: home, scan, result, delivery, accounts (B2, B4, B6)

tendero-bar-home = Inicio
tendero-bar-rewards = Premios
tendero-bar-scan = Escanear
tendero-bar-accounts = Cuentas
tendero-bar-more = Más
tendero-home-morning = Buenos días, { $name }
tendero-home-afternoon = Buenas tardes, { $name }
tendero-home-evening = Buenas noches, { $name }
tendero-home-hello = Hola, { $name }
tendero-home-title = Inicio
tendero-home-owed = Te deben las marcas
tendero-home-next-cut = Corte: { $date }
tendero-home-last-payment = Último pago { $amount } el { $date }
tendero-home-no-payment = Aún no hay pagos registrados
tendero-home-today = Hoy
tendero-home-delivered = Entregaste
tendero-home-earned = Ganaste
tendero-home-earned-unit = hoy
tendero-home-goal = Meta del barrio
tendero-home-goal-of = de { $goal } vecinos
tendero-home-to-send = { NUMBER($count) } por enviar
tendero-home-no-debt-title = Aún no entregas premios
tendero-home-no-debt-text = Cuando lo hagas, aquí ves quién te paga.
tendero-home-draft = { $count ->
    [one] Compra sin terminar: 1 producto
   *[other] Compra sin terminar: { NUMBER($count) } productos
}
tendero-home-no-device = Activa este celular para registrar ventas.
tendero-scan-title = Escanear
tendero-scan-camera = Cámara
tendero-scan-point-card = Apunta a la tarjeta
tendero-scan-point-product = Ahora los productos
tendero-scan-point = Apunta al código
tendero-scan-card-missing = Falta la tarjeta
tendero-scan-no-card = Sin tarjeta
tendero-scan-torch = Linterna
tendero-scan-torch-on = Apagar la linterna
tendero-scan-switch-camera = Cambiar de cámara
tendero-scan-keyboard = Escribir el código
tendero-scan-typed-label = Código de la tarjeta o del producto
tendero-scan-typed-help = También sirve un lector conectado.
tendero-scan-typed-action = Leer
tendero-scan-typed-wrong = Ese código no es de una tarjeta ni de un producto.
tendero-scan-check-digit = Revisa los números: el último no corresponde.
tendero-scan-unreadable = No pudimos leerlo. Acércalo o escribe los números.
tendero-scan-basket = { $count ->
    [0] Sin productos
    [one] 1 producto
   *[other] { NUMBER($count) } productos
}
tendero-scan-empty = Escanea los productos de la compra.
tendero-scan-price-of = Precio de { $product }
tendero-scan-price-edit = Cambiar el precio
tendero-scan-price-missing = Ponle precio
tendero-scan-price-suggested = sugerido
tendero-scan-price-unusual = Normalmente { $price }. ¿Está bien?
tendero-scan-not-taking-part = No suma
tendero-scan-to-approve = por aprobar
tendero-scan-would-earn = Sumaría
tendero-scan-would-earn-nothing = Con esto no suma todavía
tendero-scan-and = y
tendero-scan-estimated = estimado
tendero-scan-estimating = Calculando
tendero-scan-offline = Sin internet, sigue igual
tendero-scan-confirm = Confirmar · { $amount }
tendero-scan-confirm-busy = Registrando
tendero-scan-removed = Quitaste { $product }
tendero-scan-read = Leído: { $product }, { NUMBER($quantity) }.
tendero-scan-read-card = Tarjeta de { $who }.
tendero-scan-again-hint = Usa + si lleva otro igual
tendero-scan-leave = La compra queda guardada 15 minutos.
tendero-scan-confirm-need-card = Primero la tarjeta del cliente.
tendero-scan-confirm-need-lines = Agrega al menos un producto.
tendero-camera-refused-title = No tenemos permiso para la cámara
tendero-camera-refused-text = Toca el candado junto a la dirección, permite la cámara y vuelve a cargar. Mientras, escribe los códigos.
tendero-camera-absent-title = Este equipo no tiene cámara
tendero-camera-absent-text = Escribe los códigos o conecta un lector.
tendero-camera-busy-title = Otra aplicación usa la cámara
tendero-camera-busy-text = Ciérrala y toca Intentar otra vez.
tendero-camera-insecure = La cámara necesita una dirección segura (https).
tendero-camera-lost = Se perdió la cámara.
tendero-camera-dark = ¿Está oscuro? Prueba la linterna.
tendero-camera-loading = Preparando la cámara
tendero-unknown-pill = Código nuevo
tendero-unknown-title = ¿Qué producto es?
tendero-unknown-code = Código { $code }
tendero-unknown-photo = Foto
tendero-unknown-photo-taken = Cambiar foto
tendero-unknown-name = Nombre del producto
tendero-unknown-price = Precio
tendero-unknown-note = Si la marca lo aprueba en 7 días, { $name } recibe sus puntos de hoy.
tendero-unknown-note-nobody = Si la marca lo aprueba en 7 días, el cliente recibe sus puntos de hoy.
tendero-unknown-skip = Sin él
tendero-unknown-action = Agregar
tendero-card-title = Sin tarjeta
tendero-card-give = Dar tarjeta
tendero-card-give-text = Una tarjeta impresa que suma desde ya.
tendero-card-send = Mandar a su celular
tendero-card-printed-title = Tarjeta nueva
tendero-card-printed-text = Imprímela o deja que le tomen foto. Suma desde ya.
tendero-card-use = Usarla en esta compra
tendero-result-title = Compra registrada
tendero-result-points = { $points ->
    [one] punto para { $name }
   *[other] puntos para { $name }
}
tendero-result-points-nobody = { $points ->
    [one] punto
   *[other] puntos
}
tendero-result-stamps-for = { $stamps ->
    [one] sello para { $name }
   *[other] sellos para { $name }
}
tendero-result-spoken = { $points ->
    [one] Más 1 punto
   *[other] Más { NUMBER($points) } puntos
}
tendero-result-nothing = No sumó esta vez
tendero-result-missing = { $count ->
    [one] Falta 1
   *[other] Faltan { NUMBER($count) }
}
tendero-result-added-stamps = { $count ->
    [one] +1 sello
   *[other] +{ NUMBER($count) } sellos
}
tendero-result-added-points = { $count ->
    [one] +{ $shown } punto
   *[other] +{ $shown } puntos
}
tendero-result-complete = Completa
tendero-result-reward-won = Ganó { $reward }
tendero-result-reward-text = Le aparece en su celular para recogerlo.
tendero-result-you-earned = Tú ganaste
tendero-result-you-today = Hoy llevas { $amount }
tendero-result-cap = Llegó a su tope de hoy: sumó { $given } de { $would }.
tendero-result-not-taking-part = { $product } no participa en esta tienda.
tendero-result-more-reasons = y { NUMBER($count) } más
tendero-more-phone = Este celular
tendero-more-sound = Sonido
tendero-more-vibration = Vibración
tendero-more-speech = Decir el resultado
tendero-more-speech-help = En voz alta, sin internet.
tendero-more-queue-text = Lo que falta enviar y en qué quedó
tendero-more-do-not-remove =
    { $n ->
        [one] Hay 1 compra sin enviar. No borres la app ni sus datos.
       *[other] Hay { $n } compras sin enviar. No borres la app ni sus datos.
    }
tendero-offline-page-text = Puedes seguir vendiendo: todo se guarda en este celular.
tendero-queue-title = Compras guardadas
tendero-queue-all = Todas
tendero-queue-waiting = Por enviar
tendero-queue-look-at = Revisar
tendero-queue-look = Ver
tendero-queue-card = Tarjeta
tendero-queue-unsent =
    { $n ->
        [one] compra sin enviar
       *[other] compras sin enviar
    }
tendero-queue-by-itself = Se envían solas cuando vuelva la señal.
tendero-queue-of = { $n } de { $of }
tendero-queue-oldest = La más antigua: hace { $hours } h de { $of } h
tendero-queue-until = Guardado hasta { $when }. Después no suma.
tendero-queue-not-promised = Este navegador puede borrar lo guardado si al celular le falta espacio. Envíalas pronto.
tendero-queue-soon = Busca señal hoy para que no se pierda ninguna.
tendero-queue-full = No caben más compras en este celular. Anota en papel y busca señal.
tendero-queue-broken = Este celular no deja guardar. Libera espacio.
tendero-queue-offline = Sin internet. Todo se guarda aquí.
tendero-queue-to-send =
    { $n ->
        [one] 1 compra por enviar
       *[other] { $n } compras por enviar
    }
tendero-queue-sending = Enviando { $done } de { $of }
tendero-queue-all-sent = Todo enviado
tendero-queue-need-you =
    { $n ->
        [one] 1 compra necesita que la mires
       *[other] { $n } compras necesitan que las mires
    }
tendero-queue-unknown =
    { $n ->
        [one] No reconocemos la firma de este celular. 1 compra sigue guardada.
       *[other] No reconocemos la firma de este celular. { $n } compras siguen guardadas.
    }
tendero-queue-register = Registrar
tendero-queue-send-now = Enviar ahora
tendero-queue-go-on = Seguir vendiendo
tendero-queue-units =
    { $n ->
        [one] 1 producto
       *[other] { $n } productos
    }
tendero-queue-estimate = suma estimada { $gain }
tendero-queue-got = Sumó { $gain }
tendero-queue-got-other = Sumó { $got } (estimábamos { $expected })
tendero-queue-got-nothing = Registrada. No sumó en ninguna campaña.
tendero-queue-refused = No sumó.
tendero-queue-understood = Entendido
tendero-queue-fine = Está bien
tendero-queue-tell = Avisar
tendero-queue-tell-owner = Hablar con el dueño
tendero-queue-help = Pedir ayuda
tendero-queue-copied = Copiado. Pégalo en un mensaje.
tendero-queue-search = Buscar en este celular
tendero-queue-found-all = Ya no falta ninguna en este celular.
tendero-queue-found-not = Este celular no tiene la número { $numbers }.
tendero-queue-clock-fix = Poner hora automática
tendero-queue-clock-fast = La hora de este celular va { $by } adelantada.
tendero-queue-clock-slow = La hora de este celular va { $by } atrasada.
tendero-queue-see-sale = Ver la compra
tendero-queue-number = Compra { $n }
tendero-queue-paper-title = Anotar en papel
tendero-queue-paper-text = Imprime o copia lo que ya está guardado, con renglones para lo que vendas hasta que haya señal.
tendero-queue-paper-print = Imprimir
tendero-queue-paper-copy = Copiar
tendero-queue-paper-new = Para anotar: hora · tarjeta · productos · total
tendero-queue-others =
    { $n ->
        [one] 1 venta de otra persona espera en este celular; se envía sola.
       *[other] { $n } ventas de otra persona esperan en este celular; se envían solas.
    }
tendero-queue-others-look =
    { $n ->
        [one] 1 venta de otra persona necesita que ella la mire cuando entre.
       *[other] { $n } ventas de otra persona necesitan que ella las mire cuando entre.
    }
tendero-queue-empty-title = Nada guardado
tendero-queue-empty-text = Aquí ves las compras que haces sin señal y en qué quedaron.
tendero-queue-lost-short = Se perdieron compras de este celular
tendero-queue-lost-title =
    { $n ->
        [one] Se perdió 1 compra de este celular
       *[other] Se perdieron { $n } compras de este celular
    }
tendero-queue-lost-text = El celular borró las compras número { $numbers } antes de enviarlas. Lo demás está a salvo. Si las anotaste, regístralas otra vez.
tendero-saved-title = Guardada. Falta enviarla
tendero-saved-estimate = Suma estimada { $gain }
tendero-saved-until = Se envía sola. Guardado hasta { $when }.
tendero-speech-result = más { $gain }
tendero-result-held-title = Guardada, en revisión
tendero-result-held-text = Avisamos a los dos antes de 72 horas.
tendero-result-rejected-title = No sumó
tendero-result-replayed = Esta compra ya estaba registrada.
tendero-result-receipt = Recibo
tendero-result-void = Anular
tendero-sale-title = Venta
tendero-sale-lines = Qué llevó
tendero-sale-left = Quedan { $left } de { $bought }
tendero-sale-back = ¿Cuántas devuelve?
tendero-sale-part-title = Devolver una parte
tendero-sale-part = Devolver lo marcado
tendero-sale-void = Anular toda la venta
tendero-sale-void-text = Hasta las { $time } puedes anularla sin dar razones.
tendero-sale-all = Devolver todo
tendero-sale-why = Por qué se devuelve
tendero-sale-why-help = Por ejemplo: producto dañado.
tendero-sale-loses = A { $label } se le quitan los puntos que le dio. No se puede deshacer.
tendero-sale-done-none = Devuelto. No había puntos que quitar.
tendero-sale-done = Devuelto. Se quitaron { $count }.
tendero-sale-gone = Esta venta ya se devolvió completa.
tendero-sale-held = Está en revisión: todavía no se puede devolver.
tendero-sale-gave = Le dio
tendero-sale-nothing = Nada
tendero-result-next = Siguiente cliente
tendero-result-listen = Escuchar
tendero-double-title = ¿Otra igual?
tendero-double-text = Hace { NUMBER($seconds) } s registraste esta compra.
tendero-double-yes = Sí, es otra
tendero-double-no = No, ya estaba
tendero-deliver-title = Entregar premio
tendero-deliver-for = Para { $who }
tendero-deliver-pays = Te pagan { $amount }
tendero-deliver-action = Entregar
tendero-deliver-busy = Entregando
tendero-deliver-none = No tengo
tendero-deliver-code = Código de 6 números
tendero-deliver-done-title = Entregado
tendero-deliver-done-text = { $brand } te debe { $amount }
tendero-deliver-again = Ya lo entregaste hoy a las { $time }.
tendero-rewards-title = Premios
tendero-rewards-lead = Escanea el código del premio o escribe sus 6 números.
tendero-rewards-scan = Escanear premio
tendero-rewards-recent = Entregados hace poco
tendero-rewards-empty-title = Aún no entregas premios
tendero-rewards-empty-text = Cuando un cliente complete su tarjeta, escanea su código aquí.
tendero-accounts-title = Cuentas
tendero-accounts-total = Te deben en total
tendero-accounts-unpaid = Sin pagar
tendero-accounts-since = desde el { $date }
tendero-accounts-empty-title = Nadie te debe todavía
tendero-accounts-empty-text = Cada premio que entregues aparece aquí con su valor.
tendero-accounts-cashier = Solo el dueño ve las cuentas.
tendero-today-title = Hoy
tendero-today-empty-title = Aún no hay compras hoy
tendero-today-empty-text = La primera aparece aquí apenas la confirmes.
tendero-today-row = { $products } · { $amount }
tendero-more-title = Más
tendero-more-today = Compras de hoy
tendero-more-poster = Cartel con el código de la tienda
tendero-more-people = Personas de la tienda
tendero-more-devices = Celulares
tendero-more-invite = Invitar a quien te ayuda
tendero-more-invite-text = Dile este código. Sirve por { NUMBER($minutes) } minutos.
tendero-more-owner = Dueño
tendero-more-cashier = Ayuda en caja
tendero-more-remove-title = ¿Quitar a { $name }?
tendero-more-remove-text = Deja de registrar ventas desde ya. Lo vendido queda.
tendero-more-remove-keep = Dejar
tendero-more-revoke = Anular celular
tendero-more-revoke-title = ¿Anular este celular?
tendero-more-revoke-text = No podrá registrar más ventas. Lo ya registrado queda.
tendero-more-revoked = Anulado el { $date }
tendero-more-this-device = Este celular
tendero-more-spoken = Decir el resultado
tendero-more-print-cards = Imprimir tarjetas
tendero-more-sign-out = Salir
tendero-poster-title = Suma en { $shop }
tendero-poster-text = Escanea este código con tu cámara y crea tu tarjeta en un minuto.

## log-in: consoles

login-title-brand = Entra a tu marca
login-title-backoffice = Entra a operación
login-email = Correo
login-password = Contraseña
login-totp = Código de tu aplicación
login-totp-help = Los 6 números que muestra ahora.
login-action = Entrar
login-busy = Entrando
login-again = Empezar otra vez
account-person = Tu persona
account-role = Rol
account-role-admin = Administra
account-role-manager = Gestiona
account-role-analyst = Consulta
account-totp-title = Segundo paso al entrar
account-totp-text = Además de tu contraseña, un código de 6 números que cambia en tu celular. Así nadie entra con una contraseña robada.
account-totp-begin = Activar
account-totp-film = Escanea el código con tu aplicación de códigos, o escribe la llave. Después confirma con los 6 números que muestra.
account-totp-qr = Código QR de tu segundo paso
account-totp-confirm = Confirmar
account-totp-on = Cada vez que entras te pedimos el código de tu aplicación.
account-totp-is-on = Activo
account-totp-is-off = Sin activar

## brand: console (C1 and the summary)

brand-nav-summary = Resumen
brand-nav-campaigns = Campañas
brand-nav-products = Productos
brand-nav-account = Cuenta
brand-nav-payouts = Pagos
brand-nav-settings = Ajustes
brand-tenant-kind = Marca · { $country }
brand-summary-title = Resumen
brand-summary-as-of = Datos hasta { $when }
brand-summary-sales = Ventas netas
brand-summary-units = Unidades
brand-summary-shops = Tiendas activas
brand-summary-shops-of = de { $total }
brand-summary-buyers = Compradores
brand-summary-rewards = Premios entregados
brand-summary-owed = Por pagar a tiendas
brand-summary-products = Productos
brand-summary-products-unit = Unidades netas
brand-summary-campaigns = Campañas
brand-summary-versus = vs. 4 sem.
brand-summary-few = Menos de 10 personas: no se muestra.
brand-summary-empty-title = Aún no hay ventas
brand-summary-empty-text = Publica una campaña y aquí ves lo que pasa en las tiendas.
brand-summary-period = Periodo
brand-summary-brand = Marca
brand-summary-versus-days = vs. { $count } días antes
brand-summary-how = Cómo se cuenta
brand-how-sales = Precio por cantidad de tus productos en compras aceptadas, menos descuentos. Solo compras en la moneda de tu país.
brand-how-units = Unidades de tus productos en compras aceptadas, en cualquier moneda.
brand-how-shops = Tiendas con al menos una venta tuya en el periodo; al lado, todas las tiendas abiertas hoy en Mostrador.
brand-how-buyers = Personas distintas con al menos una compra tuya. Si son menos de 10, no se muestra.
brand-how-rewards = Premios tuyos que las tiendas entregaron en el periodo.
brand-how-owed = Lo que debes hoy a las tiendas por premios entregados, de cualquier fecha, en la moneda de tu país. El resto está en Pagos.
brand-chart-title = Unidades por día
brand-chart-finding = El mejor día fue { $date }, con { $units } unidades.
brand-chart-as-table = Ver como tabla
brand-chart-day = Día
brand-reward-left = quedan { $left }
brand-reward-pays = le pagas { $amount } a la tienda
brand-products-empty-title = Aún no hay productos
brand-products-empty-text = Agrega el primero con su código de barras y su nombre.
brand-products-none-title = Nada con ese nombre
brand-products-none-text = Busca por una parte del nombre o por los números del código.
brand-products-search = Nombre o código de barras
brand-products-edit = Corregir producto
brand-products-gtin-help = Los números bajo el código de barras.
brand-products-name-help = Como lo dice la gente, con su tamaño.
brand-campaigns-title = Campañas
brand-campaigns-new = Nueva campaña
brand-campaigns-name = Nombre
brand-campaigns-state = Estado
brand-campaigns-ends = Se acaba
brand-campaigns-version = Versión { NUMBER($version) }
brand-campaigns-empty-title = Todavía no tienes campañas
brand-campaigns-empty-text = Elige una plantilla y publícala en menos de 10 minutos.
brand-campaign-template-title = ¿Qué quieres lograr?
brand-campaign-template-stamps = Lleva 5, gana 1
brand-campaign-template-stamps-text = Un sello por producto. Al completar la tarjeta, el premio sale solo.
brand-campaign-template-units = Puntos por unidad
brand-campaign-template-units-text = Cada producto suma los mismos puntos.
brand-campaign-template-value = Puntos por compra
brand-campaign-template-value-text = Suma según lo que la persona gasta.
brand-campaign-template-stamps-name = Tarjeta de sellos
brand-campaign-template-custom = Reglas propias
brand-campaign-step-mechanic = Mecánica
brand-campaign-step-rules = Reglas
brand-campaign-step-products = Productos
brand-campaign-step-dates = Nombre y fechas
brand-campaign-rules-title = ¿Cómo se gana?
brand-campaign-rules-lead = Lee la frase en voz alta. Si la entiendes, tu cliente también.
brand-campaign-sentence-each = Por cada
brand-campaign-sentence-of = de
brand-campaign-sentence-gets = el cliente recibe
brand-campaign-sentence-with = Con
brand-campaign-sentence-wins = gana
brand-campaign-sentence-in = en
brand-campaign-sentence-products = los productos que elijas
brand-campaign-sentence-reward = el premio
brand-campaign-field-units = Unidades
brand-campaign-field-step = Valor de compra
brand-campaign-field-points = Puntos que recibe
brand-campaign-field-stamps = Sellos que recibe
brand-campaign-field-need = Sellos de una tarjeta llena
brand-campaign-name = Nombre de la campaña
brand-campaign-starts = Empieza
brand-campaign-ends = Termina
brand-campaign-products-title = ¿Con qué productos?
brand-campaign-products-chosen = { $count ->
    [one] 1 elegido
   *[other] { NUMBER($count) } elegidos
}
brand-campaign-reward = Premio
brand-campaign-reward-name = Nombre del premio
brand-campaign-reward-cost = Lo que le pagas a la tienda por cada uno
brand-campaign-reward-stock = Cuántos hay
brand-campaign-reward-cost-help = Se suma a lo que le debes a la tienda al entregarlo.
brand-campaign-reward-stock-help = Vacío: sin límite.
brand-campaign-reward-which = ¿Cuál premio?
brand-campaign-reward-new = Crear uno nuevo
brand-campaign-reward-fixed = El premio de una campaña publicada no cambia: hay tarjetas en camino.
brand-campaign-terms = Así lo leerá tu cliente
brand-campaign-terms-draft = Así se leerá al publicarla
brand-campaign-terms-auto = Se escribe solo
brand-campaign-preview = Vista previa
brand-campaign-preview-would = Con esta compra recibiría
brand-campaign-preview-none = Todavía no suma
brand-campaign-preview-waiting = Aquí ves lo que daría
brand-campaign-preview-waiting-text = Completa la frase, elige productos y pon las fechas.
brand-campaign-preview-card = Así va su tarjeta después de la compra más grande del ejemplo.
brand-campaign-errors = { $count ->
    [one] Falta corregir 1 dato
   *[other] Falta corregir { NUMBER($count) } datos
}
brand-campaign-back = Atrás
brand-campaign-save = Guardar y revisar
brand-campaign-publish = Publicar campaña
brand-campaign-publish-title = ¿Publicar { $name }?
brand-campaign-publish-text = Al publicarla, sus reglas quedan fijas. Para cambiarlas harás una versión nueva.
brand-campaign-publish-keep = Seguir editando
brand-campaign-published = Publicada
brand-campaign-new-version = Nueva versión
brand-payouts-title = Pagos a tiendas
brand-payouts-shop = Tienda
brand-payouts-rewards = Premios
brand-payouts-amount = Le debes
brand-payouts-empty-title = No debes nada
brand-payouts-empty-text = Cada premio entregado aparece aquí con su tienda.
brand-keys-title = Llaves de API
brand-keys-new = Crear llave
brand-keys-name = Para qué es
brand-keys-scopes = Permisos
brand-keys-expires = Vence
brand-keys-once = Cópiala ahora y guárdala. En diez minutos nadie la puede volver a ver.
brand-keys-revoke = Anular
brand-keys-empty-title = Aún no hay llaves
brand-keys-empty-text = Crea una para conectar otro sistema con Mostrador.
brand-keys-docs = Ver la documentación
brand-keys-begins = Empieza con
brand-keys-name-help = Para reconocerla después: «Reportes del ERP».
brand-keys-days = Días que sirve
brand-keys-days-help = De 1 a 3.650.
brand-keys-never = Sin fecha
brand-keys-revoked = Anulada
brand-keys-expired = Vencida
brand-keys-revoke-title = ¿Anular { $name }?
brand-keys-revoke-text = Lo que la use deja de funcionar en el momento. No se puede deshacer.
brand-scope-reports = Leer informes, campañas y productos
brand-scope-campaigns = Crear y publicar campañas
brand-scope-products = Agregar y cambiar productos
brand-settings-title = Ajustes

## backoffice: shops, products, users, audit, import (D2)

backoffice-nav-data = Datos
backoffice-nav-brands = Marcas
backoffice-nav-shops = Tiendas
backoffice-nav-products = Productos
backoffice-nav-people = Personas
backoffice-nav-control = Control
backoffice-nav-audit = Auditoría
backoffice-nav-account = Mi cuenta
backoffice-tenant-kind = Operación
backoffice-shops-title = Tiendas
backoffice-shops-name = Tienda
backoffice-shops-zone = Zona
backoffice-shops-city = Ciudad
backoffice-shops-country = País
backoffice-shops-phone = Celular
backoffice-shops-state = Estado
backoffice-shops-empty-title = Aún no hay tiendas
backoffice-shops-empty-text = Importa un archivo o espera a que se registren.
backoffice-products-title = Productos
backoffice-products-new = Nuevo producto
backoffice-products-import = Importar CSV
backoffice-products-gtin = Código de barras
backoffice-products-name = Nombre
backoffice-products-brand = Marca
backoffice-products-category = Categoría
backoffice-products-price = Precio sugerido
backoffice-products-empty-title = Aún no hay productos
backoffice-products-empty-text = Importa un archivo con su código de barras y su nombre.
backoffice-import-title = Importar
backoffice-import-choose = Elegir archivo
backoffice-import-check = Revisar archivo
backoffice-import-read = filas leídas
backoffice-import-ready = listas para crear
backoffice-import-exists = ya existen, se actualizan
backoffice-import-wrong = con error
backoffice-import-tab-wrong = Con error { $count }
backoffice-import-tab-all = Todas
backoffice-import-note = Nada se guarda hasta que importes.
backoffice-import-row = Fila
backoffice-import-what = Qué pasa
backoffice-import-change = Cambiar archivo
backoffice-import-errors-file = Bajar solo los errores
backoffice-import-rest = { $count ->
    [0] Todas las filas están listas.
    [one] Si importas ahora, la que tiene error queda en un archivo para después.
   *[other] Si importas ahora, las { $shown } con error quedan en un archivo para después.
}
backoffice-import-action-products = { $count ->
    [one] Importar 1 producto
   *[other] Importar { $shown } productos
}
backoffice-import-error-check-digit = El último número del código no corresponde
backoffice-import-error-no-code = Falta el código de barras
backoffice-import-error-brand = Esa marca no existe
backoffice-import-error-price = El precio no es un número
backoffice-import-error-currency = Esa moneda no se usa aquí
backoffice-import-error-repeated = Repetida: es igual a la fila { $row }
backoffice-import-error-letters = Letras dañadas: guarda el archivo en UTF-8
backoffice-import-error-columns = A la fila le faltan columnas
backoffice-users-title = Personas
backoffice-users-name = Nombre
backoffice-users-email = Correo
backoffice-users-role = Rol
backoffice-users-organisation = Organización
backoffice-users-second-factor = Segundo paso
backoffice-users-disable = Desactivar
backoffice-users-disabled = Desactivada
backoffice-brands-title = Marcas
backoffice-brands-new = Nueva marca
backoffice-audit-title = Auditoría
backoffice-audit-when = Cuándo
backoffice-audit-who = Quién
backoffice-audit-what = Qué hizo
backoffice-audit-subject = Sobre qué
backoffice-audit-empty-title = Nada que mostrar
backoffice-audit-empty-text = Cambia el filtro o el período.
backoffice-audit-area = Tema
backoffice-audit-area-campaigns = Campañas
backoffice-audit-area-keys = Llaves de API
backoffice-audit-area-rewards = Premios
backoffice-audit-consumer = Cliente
backoffice-audit-key = Llave de API
backoffice-audit-person = Persona
backoffice-audit-changes = { $count ->
    [one] 1 dato
   *[other] { NUMBER($count) } datos
}
backoffice-audit-detail = Detalle
backoffice-audit-of-this = Ver su historia en la auditoría
backoffice-audit-search = Persona, cosa o motivo
backoffice-audit-system = El sistema
backoffice-brands-add = Crear marca
backoffice-brands-colour = Color
backoffice-dead-empty-text = Si una tarea falla muchas veces, aparece aquí.
backoffice-dead-empty-title = Ninguna tarea detenida
backoffice-dead-error = Qué falló
backoffice-dead-kind = Tarea
backoffice-dead-retry = { $count ->
    [one] Intentar otra vez
   *[other] Intentar otra vez las { NUMBER($count) }
}
backoffice-dead-title = Tareas detenidas
backoffice-import-column-brand = Una marca que ya existe, o vacío
backoffice-import-columns = Columnas del archivo
backoffice-import-created = creadas
backoffice-import-empty = (vacío)
backoffice-import-error-category = La categoría es muy larga
backoffice-import-error-formula = Empieza como una fórmula
backoffice-import-error-gtin = No es un código de 8, 12, 13 o 14 números
backoffice-import-error-in-store = Ese código solo vale dentro de una tienda
backoffice-import-error-name = Falta el nombre o es muy largo
backoffice-import-fate-changed = Cambia
backoffice-import-fate-new = Nuevo
backoffice-import-fate-same = Igual
backoffice-import-limits = CSV de hasta 5.000 filas y 2 MB
backoffice-import-mend-note = Corrige aquí mismo. Nada se guarda hasta que importes.
backoffice-import-mend-row = Corregir { $column } de la fila { $row }
backoffice-import-mended = La fila { NUMBER($row) } ya está lista.
backoffice-import-none-text = Mira las otras filas.
backoffice-import-none-title = Ninguna fila aquí
backoffice-import-products = Importar productos
backoffice-import-result = Listo: { $created } creadas, { $updated } actualizadas, { $left } fuera.
backoffice-import-same = iguales, no cambian
backoffice-import-see = Ver productos
backoffice-import-tab-changed = Cambian { $count }
backoffice-import-tab-new = Nuevas { $count }
backoffice-import-tab-same = Iguales { $count }
backoffice-import-template = Bajar plantilla
backoffice-import-updated = actualizadas
backoffice-import-use = Usar { $text }
backoffice-nav-overview = Resumen
backoffice-nav-proposals = Códigos nuevos
backoffice-nav-reviews = Revisión
backoffice-reviews-title = Compras en revisión
backoffice-reviews-empty-title = Nada espera tu decisión
backoffice-reviews-empty-text = Las compras dudosas aparecen aquí. Mientras esperan no suman puntos.
backoffice-reviews-decided-text = Otra persona ya decidió, o la compra no existe.
backoffice-reviews-why = Por qué espera
backoffice-reviews-consumer = Tarjeta
backoffice-reviews-total = Total
backoffice-reviews-since = Espera desde
backoffice-reviews-when = Hora de la compra
backoffice-reviews-network = Captura
backoffice-reviews-without-network = Sin señal, llegó después
backoffice-reviews-with-network = En línea
backoffice-reviews-duplicate = Parece repetida: misma canasta en dos minutos
backoffice-reviews-clock = La hora del celular no es confiable
backoffice-reviews-gap = Falta una venta anterior de ese celular
backoffice-reviews-revoked = El celular perdió el permiso después de la venta
backoffice-reviews-elsewhere = El mismo código se usó en otra tienda
backoffice-reviews-other = Necesita una decisión
backoffice-reviews-lines = Qué se compró
backoffice-reviews-nearby = Otras compras de esta tarjeta, media hora antes y después
backoffice-reviews-alone = Ninguna.
backoffice-reviews-same = Misma canasta
backoffice-reviews-counted = Sumó
backoffice-reviews-held = En revisión
backoffice-reviews-rejected = No contó
backoffice-reviews-would = Si la apruebas, suma
backoffice-reviews-nothing = Nada: ninguna campaña la premia.
backoffice-reviews-decide = Tu decisión
backoffice-reviews-why-help = Queda en la auditoría junto a tu nombre.
backoffice-reviews-approve = Aprobar: cuenta con su propia fecha
backoffice-reviews-reject = Rechazar: no cuenta
backoffice-reviews-save = Guardar la decisión
backoffice-organisations-add = Crear organización
backoffice-organisations-brand-owner = Dueña de marcas
backoffice-organisations-empty-text = Crea la primera en esta misma página.
backoffice-organisations-empty-title = Aún no hay organizaciones
backoffice-organisations-help = La empresa que firma el contrato.
backoffice-organisations-kind = Tipo
backoffice-organisations-new = Nueva organización
backoffice-organisations-title = Organizaciones y marcas
backoffice-overview-consumers = Tarjetas
backoffice-overview-held = Compras en revisión
backoffice-overview-held-since = La más antigua llegó { $when }.
backoffice-overview-new = +{ $count } en 7 días
backoffice-overview-nothing = Nada espera por ti.
backoffice-overview-proposals-text = Las tiendas los venden y no están en la lista.
backoffice-overview-title = Resumen
backoffice-overview-waits = Te espera
backoffice-phones-empty-text = Hasta que active uno no puede registrar ventas.
backoffice-phones-empty-title = La tienda no tiene celulares
backoffice-phones-live = Activo
backoffice-phones-revoked = Anulado { $when }
backoffice-phones-since = Desde
backoffice-phones-whose = De quién
backoffice-products-currency = Moneda
backoffice-products-gtin-help = 8, 12, 13 o 14 números, los que están bajo las barras.
backoffice-products-name-help = Con su tamaño, como lo dice la gente: Cola Sierra 400 ml.
backoffice-products-no-brand = De ninguna marca
backoffice-products-price-help = Como se escribe en su país: 2.500 o 2500
backoffice-products-search = Nombre o código de barras
backoffice-proposals-accept = Crear producto
backoffice-proposals-accept-title = Crear el producto
backoffice-proposals-alike = Se parecen
backoffice-proposals-called = La tienda lo llama
backoffice-proposals-close = Cerrar sin crear
backoffice-proposals-close-title = No es un producto
backoffice-proposals-decided-text = Alguien lo decidió antes, o nunca estuvo.
backoffice-proposals-decided-title = Este código ya no espera
backoffice-proposals-empty-text = Cuando una tienda venda algo que no conocemos, aparece aquí.
backoffice-proposals-empty-title = Ningún código nuevo
backoffice-proposals-next = Ver los que esperan
backoffice-proposals-price = Precio en la tienda
backoffice-proposals-title = Códigos nuevos
backoffice-proposals-why = Motivo
backoffice-proposals-why-help = Queda en la auditoría.
backoffice-search-none = No encontramos nada
backoffice-search-none-text = Prueba con menos palabras.
backoffice-shops-clock = Zona horaria
backoffice-shops-closed = Cerrada { $when }
backoffice-shops-currency = Moneda
backoffice-shops-facts = La tienda
backoffice-shops-joined = Entró
backoffice-shops-nobody = Nadie trabaja aquí todavía.
backoffice-shops-people = Quién trabaja aquí
backoffice-shops-phones = Celulares
backoffice-shops-role-cashier = Cajera o cajero
backoffice-shops-role-owner = Dueña o dueño
backoffice-shops-search = Tienda o ciudad
backoffice-users-add = Agregar persona
backoffice-users-added = Ya puede entrar con su correo y esa contraseña.
backoffice-users-disable-keep = Dejarla activa
backoffice-users-disable-text = Sale de todas sus sesiones ahora mismo y no puede volver a entrar. Lo que hizo queda en la auditoría.
backoffice-users-disable-title = ¿Desactivar a { $name }?
backoffice-users-password = Primera contraseña
backoffice-users-password-help = 12 letras o números, o más. Dásela en persona.
backoffice-users-search = Nombre o correo
backoffice-verb-api-key-created = Creó una llave de API
backoffice-verb-api-key-revoked = Anuló una llave de API
backoffice-verb-brand-created = Creó una marca
backoffice-verb-campaign-created = Creó una campaña
backoffice-verb-campaign-edited = Cambió una campaña
backoffice-verb-campaign-published = Publicó una campaña
backoffice-verb-device-enrolled = Activó un celular
backoffice-verb-device-revoked = Anuló un celular
backoffice-verb-invitation-created = Invitó a la tienda
backoffice-verb-jobs-retried = Repitió tareas detenidas
backoffice-verb-member-joined = Entró a la tienda
backoffice-verb-member-removed = Quitó a alguien de la tienda
backoffice-verb-organisation-created = Creó una organización
backoffice-verb-product-changed = Cambió un producto
backoffice-verb-product-created = Creó un producto
backoffice-verb-products-imported = Importó productos
backoffice-verb-proposal-accepted = Aceptó un código nuevo
backoffice-verb-proposal-closed = Cerró un código nuevo
backoffice-verb-reward-created = Creó un premio
backoffice-verb-reward-delivered = Entregó un premio
backoffice-verb-sessions-closed = Cerró su tarjeta en los otros celulares
backoffice-verb-shop-created = Creó una tienda
backoffice-verb-shop-registered = Registró su tienda
backoffice-verb-user-created = Agregó a una persona
backoffice-verb-user-disabled = Desactivó a una persona
backoffice-verb-user-logged-in = Entró
backoffice-verb-user-totp-enabled = Activó su segundo paso

## sandbox: messages that were not really sent

sandbox-outbox-title = Mensajes de prueba
sandbox-outbox-text = Aquí llegan los mensajes cuando no hay proveedor conectado.
sandbox-outbox-empty = Aún no hay mensajes.

## problem: the general text of a stable code (dashes for its underscores, without its area)

problem-already-applied = Este archivo ya se importó. Para cambiar algo, sube otro.
problem-already-published = La campaña ya está publicada. Haz una versión nueva para cambiarla.
problem-already-registered = Ya estaba registrado. No cambió nada.
problem-ambiguous-brand = Hay más de una marca con ese nombre. Carga este producto a mano y elige la marca.
problem-bad-capture = El celular mandó algo que no pudimos leer. No se registró nada.
problem-bad-code = Ese código no es.
problem-bad-colour = Elige un color con el formato #RRGGBB.
problem-bad-date = Revisa la fecha.
problem-bad-dates = Revisa las fechas.
problem-bad-email = Revisa el correo: le falta algo.
problem-bad-field = Revisa este dato.
problem-bad-file = No pudimos leer el archivo. Necesita las columnas gtin y nombre, hasta 5.000 filas y 2 MB.
problem-bad-gtin = Revisa el código: son 8, 12, 13 o 14 números.
problem-bad-name = Escribe un nombre de hasta 80 letras.
problem-bad-price = Revisa el precio: va de 0 en adelante.
problem-bad-public-key = Este celular no pudo crear su llave. Intenta otra vez.
problem-bad-qty = Revisa la cantidad: va de 1 a 9.999.
problem-bad-quantity = Revisa la cantidad: va de 1 a 9.999.
problem-bad-request = No entendimos lo que llegó. Revisa los datos e intenta otra vez.
problem-bad-signature = La firma de este celular no corresponde. No se registró nada.
problem-busy = Hay mucha gente ahora. Intenta en un momento.
problem-card-blocked = Esta tarjeta está bloqueada. No cambió nada.
problem-challenge-expired = El código venció. Pide uno nuevo.
problem-check-digit = Revisa los números: el último no corresponde.
problem-clock-suspect = La hora de este celular está corrida. Ponla en automático.
problem-code-expired = El código venció. Pide uno nuevo.
problem-conflict = Alguien lo cambió antes. Vuelve a cargar y revisa.
problem-custom-rules = Sus reglas se hicieron por otro programa y aquí se perdería una parte. Cámbialas allí.
problem-device-revoked = Este celular ya no está autorizado. Habla con el dueño.
problem-email-taken = Ya hay una persona con ese correo.
problem-empty-file = El archivo está vacío.
problem-ends-before-start = La fecha final va después de la inicial.
problem-expired = Se venció. Pide uno nuevo.
problem-file-too-large = El archivo es muy grande. Divídelo y sube una parte.
problem-forbidden = Tu rol no permite hacer esto. Pídeselo a quien administra.
problem-foreign-campaign = Esa campaña es de otra marca.
problem-foreign-currency = Esa moneda no es la de la tienda.
problem-foreign-product = Ese producto es de otra marca.
problem-foreign-reward = Ese premio es de otra marca.
problem-gtin-taken = Ya hay un producto con ese código de barras.
problem-idempotency-conflict = Ya llegó otra cosa con esa misma clave. No cambió nada.
problem-idempotency-key-missing = Falta la clave de repetición (Idempotency-Key).
problem-in-store-code = Ese código solo vale dentro de una tienda. Usa el que trae de fábrica.
problem-internal = No pudimos hacerlo. Tus datos están a salvo. Intenta otra vez.
problem-invalid-credentials = El correo o la contraseña no corresponden.
problem-invalid-phone = Revisa el celular: ese número no existe en este país.
problem-invitation-expired = La invitación venció. Pide un código nuevo.
problem-last-owner = La tienda necesita al menos una persona dueña.
problem-length = Revisa el largo de este dato.
problem-limit-reached = Llegaste al máximo permitido.
problem-method-not-allowed = Esa acción no existe aquí.
problem-missing = Falta este dato.
problem-missing-consent = Falta el permiso necesario para crear tu tarjeta.
problem-network = No hay señal o el servidor no contesta. No se perdió nada.
problem-no-such-brand = Esa marca no existe.
problem-no-such-product = Ese producto no existe.
problem-no-such-shop = Esa tienda no existe.
problem-not-acceptable = Ese formato no está disponible.
problem-not-an-adult = Necesitas 18 años o más, o el permiso de tu mamá, papá o tutor.
problem-not-editable = Ya no se puede cambiar.
problem-not-found = No lo encontramos. Puede que ya no exista o que no sea tuyo.
problem-not-joinable = A esta campaña no hace falta apuntarse.
problem-not-published = La campaña todavía no está publicada.
problem-oneself = No puedes desactivar tu propia cuenta. Pídeselo a otra persona que administre.
problem-out-of-range = Revisa el número: se sale de lo permitido.
problem-payload-too-large = Lo que enviaste es muy grande.
problem-phone-taken = Ya hay una cuenta con ese celular.
problem-price-typed = Revisa el precio: escríbelo como 2.500 o 2500.
problem-products = Elige al menos un producto.
problem-products-missing = Elige al menos un producto.
problem-required = Falta este dato.
problem-rule-number = Revisa los números de la regla.
problem-rules-missing = Falta decir cómo se gana.
problem-session-expired = Tu sesión venció. Entra otra vez; lo que escribiste queda.
problem-shops-missing = Elige al menos una tienda.
problem-storage-full = El servidor no tiene espacio. No se guardó nada. Intenta más tarde.
problem-taken = Eso ya está registrado. Búscalo en la lista.
problem-threshold = Revisa cuántos sellos hacen falta.
problem-too-long = Es muy largo.
problem-too-many-devices = Ya hay muchos celulares activos. Anula uno primero.
problem-too-many-lines = Son muchos productos para una sola compra.
problem-too-many-requests = Son muchos intentos seguidos. Espera un momento.
problem-too-many-tries = Son muchos intentos. Pide un código nuevo.
problem-too-short = Es muy corto.
problem-totp-required = Escribe también los 6 números de tu aplicación.
problem-unauthorized = Entra otra vez para seguir.
problem-unavailable = No podemos responder ahora. Tus datos están a salvo. Intenta en un momento.
problem-unknown-card = No conocemos esa tarjeta.
problem-unknown-currency = Esa moneda no se usa aquí.
problem-unknown-product = No conocemos ese producto.
problem-unsupported-media-type = Ese tipo de archivo no sirve aquí.
problem-weak-password = Usa al menos 12 letras o números, y que no sea una contraseña conocida.
problem-wrong-code = Ese código no es.
problem-wrong-origin = La página se abrió desde otro sitio. Vuelve a cargarla.
problem-wrong-totp = Esos números no corresponden. Mira los que muestra ahora.

## reason-shop: the contract's reasons, told to the shop

reason-shop-age-gate = Esta campaña es solo para mayores de 18.
reason-shop-already-delivered = Ya se entregó en otra tienda.
reason-shop-bad-price = Revisa el precio: va de 0 en adelante.
reason-shop-bad-qty = Revisa la cantidad: va de 1 a 9.999.
reason-shop-campaign-cap = La campaña llegó a su tope.
reason-shop-card-blocked = Esta tarjeta está bloqueada. Que abra su app.
reason-shop-code-locked = Van cinco códigos que no sirven. Espera diez minutos, o usa otra tarjeta.
reason-shop-chain-gap = Falta una compra entre dos que enviaste. La estamos revisando.
reason-shop-clock-suspect = La hora de tu celular cambió. La compra queda en revisión.
reason-shop-code-used-elsewhere = Esa tarjeta se usó en otra tienda a la misma hora. La estamos revisando.
reason-shop-device-revoked = Este celular ya no está autorizado. Habla con el dueño.
reason-shop-excluded-by-group = Sumó en otra promoción de la misma marca, que le daba más.
reason-shop-foreign-product = Ese producto no es de la marca.
reason-shop-holdout = No participa en esta campaña.
reason-shop-idempotency-conflict = Ya hay otra compra con ese número. No cambió nada.
reason-shop-in-debt = Primero debe cubrir los puntos que debe.
reason-shop-insufficient = No le alcanzan los puntos.
reason-shop-no-award = Con esta compra no alcanza a sumar.
reason-shop-no-pli = Ningún producto de la compra participa.
reason-shop-no-such-purchase = No encontramos esa compra.
reason-shop-no-such-reward = No conocemos ese premio.
reason-shop-not-delivered = Ese premio no está entregado.
reason-shop-not-deliverable = Ese premio ya no se puede entregar. Que abra su app.
reason-shop-not-enrolled = No se ha apuntado a esta campaña.
reason-shop-not-held = Esa compra no está en revisión.
reason-shop-not-reserved = Ese premio no está apartado. Que lo aparte otra vez.
reason-shop-out-of-dates = La campaña no está en sus fechas.
reason-shop-out-of-stock = Se acabaron los premios.
reason-shop-paused = La campaña está en pausa.
reason-shop-pdv-not-in-campaign = Tu tienda no está en esta campaña.
reason-shop-qr-replay = Ese código ya sumó en otra compra.
reason-shop-qr-stale = Este código venció. Pídele uno nuevo.
reason-shop-return-exceeds-purchase = Devuelve más de lo que compró. Revisa las cantidades.
reason-shop-reward-limit = Ya llegó a su máximo de ese premio.
reason-shop-self-pdv = En tu propia tienda no sumas.
reason-shop-suspected-duplicate = Se parece a otra compra de hace poco. La estamos revisando.
reason-shop-too-old = Pasaron más de 72 horas. No sumó.
reason-shop-unknown-card = No conocemos esa tarjeta. Que abra su app o dale una nueva.
reason-shop-wrong-digits = Ese código no sirve o ya venció. Pídele otro.
reason-shop-unknown-product = No conocemos ese producto. Ponle nombre y precio.

## reason-consumer: the same reasons, told to the consumer

reason-consumer-age-gate = Esta campaña es solo para mayores de 18.
reason-consumer-already-delivered = Este premio ya se entregó.
reason-consumer-bad-price = La tienda escribió mal un precio. No cambió nada.
reason-consumer-bad-qty = La tienda escribió mal una cantidad. No cambió nada.
reason-consumer-campaign-cap = La campaña llegó a su tope.
reason-consumer-card-blocked = Tu tarjeta está bloqueada. Entra con tu celular para activarla.
reason-consumer-clock-suspect = La estamos revisando. Te avisamos antes de 72 horas.
reason-consumer-device-revoked = Esta tarjeta se abrió en otro celular.
reason-consumer-excluded-by-group = Sumaste en otra promoción de la misma marca, que te daba más.
reason-consumer-foreign-product = Ese producto no es de la marca.
reason-consumer-holdout = Esta vez no participas en esta campaña.
reason-consumer-idempotency-conflict = Esa compra ya estaba registrada.
reason-consumer-in-debt = Primero se descuentan los puntos que debes.
reason-consumer-insufficient = Todavía no te alcanzan los puntos.
reason-consumer-no-award = Con esta compra no alcanzaste a sumar.
reason-consumer-no-pli = Ningún producto de tu compra participa.
reason-consumer-no-such-purchase = No encontramos esa compra.
reason-consumer-no-such-reward = No encontramos ese premio.
reason-consumer-not-delivered = Ese premio no está entregado.
reason-consumer-not-deliverable = Ese premio ya no se puede recoger.
reason-consumer-not-enrolled = Aún no te apuntas a esta campaña.
reason-consumer-not-held = Esa compra no está en revisión.
reason-consumer-not-reserved = Se acabó el tiempo. Tus puntos volvieron.
reason-consumer-out-of-dates = La campaña no está en sus fechas.
reason-consumer-out-of-stock = Se acabó justo ahora. Tus puntos no se movieron.
reason-consumer-paused = La campaña está en pausa.
reason-consumer-pdv-not-in-campaign = Esta tienda no está en la campaña.
reason-consumer-qr-replay = Ese código ya sumó en otra compra.
reason-consumer-qr-stale = El código ya había vencido. Muestra el de ahora.
reason-consumer-return-exceeds-purchase = La devolución no corresponde con tu compra.
reason-consumer-reward-limit = Ya llegaste a tu máximo de este premio.
reason-consumer-self-pdv = En la tienda donde trabajas no sumas.
reason-consumer-suspected-duplicate = La estamos revisando. Te avisamos antes de 72 horas.
reason-consumer-too-old = La tienda la envió después de 72 horas. No sumó.
reason-consumer-unknown-card = No encontramos tu tarjeta. Entra con tu celular.
reason-consumer-unknown-product = La marca está revisando este producto.

## scanner: the camera itself, whoever uses it (its help for the counter is tendero-camera-*)

scanner-waiting = La cámara necesita que la página termine de cargar
scanner-hint-typing = Acércalo o escribe los números.
scanner-lost-text = Toca Intentar otra vez. Mientras, escribe los códigos.
scanner-decoder-title = El lector no arrancó
scanner-decoder-text = Revisa tu señal y toca Intentar otra vez. Mientras, escribe los códigos.

# Consumer: words of the pages
consumer-points-unit = puntos
consumer-stamps-unit = sellos
consumer-history-more = Ver más

# Tendero: first run and words of the pages
tendero-start-title = Tu tienda
tendero-start-lead = Con tu celular registras ventas, entregas premios y ves quién te paga.
tendero-start-shop-title = ¿Cuál es tu tienda?
tendero-start-shop-new = Registrar mi tienda
tendero-start-shop-name = Nombre de la tienda
tendero-start-shop-city = Ciudad
tendero-start-shop-action = Registrar tienda
tendero-start-join-title = Trabajo en una tienda que ya está
tendero-start-join-code = Código que te dio el dueño
tendero-start-join-action = Entrar a la tienda
tendero-device-title = Este celular firma tus ventas
tendero-device-text = Guardamos una llave en este celular. Así nadie más puede registrar ventas por ti.
tendero-device-action = Activar este celular
tendero-device-failed = Este navegador no pudo guardar la llave. Prueba con Chrome.
tendero-device-live = activo
tendero-device-revoked = anulado
tendero-needs-script = Para registrar ventas, esta página necesita JavaScript. Actívalo y vuelve a cargar.
tendero-home-purchases = compras
tendero-home-rewards = premios
tendero-home-sold = Vendido
tendero-owed-rewards = { $count ->
    [one] 1 premio
   *[other] { NUMBER($count) } premios
}
tendero-scan-not-sent = No se pudo enviar. Quedó guardada aquí y se envía sola.
tendero-unknown-name-missing = Escribe el nombre del producto.
