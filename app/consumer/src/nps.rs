//! Would she recommend it? At most once a quarter, and easily passed.

kit::nps!("consumer.nps", "consumer/read_nps", "consumer/answer_nps");
