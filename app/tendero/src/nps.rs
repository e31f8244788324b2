//! Would she recommend it? At most once a quarter, and easily passed.

kit::nps!("tendero.nps", "tendero/read_nps", "tendero/answer_nps");
