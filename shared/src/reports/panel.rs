//! A report as people see it: the number, its picture, the table behind both, and what one must know to trust them.
//!
//! Everything is ready to be read: numbers are texts of the brand's country, and the table is the one that leaves as a file.

use serde::{Deserialize, Serialize};

use super::metric::Metric;

/// Pages of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// What was sold.
    Sales,
    /// How shops do.
    Shops,
    /// Who buys, how soon and how often.
    Consumers,
    /// What a campaign did and cost.
    Campaign,
    /// What is owed in points.
    Points,
}

impl Family {
    /// In the order of their pages.
    pub const ALL: [Self; 5] = [Self::Sales, Self::Shops, Self::Consumers, Self::Campaign, Self::Points];
    /// The end of its page's address; empty for the first.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Sales => "",
            Self::Shops => "/shops",
            Self::Consumers => "/consumers",
            Self::Campaign => "/campaign",
            Self::Points => "/points",
        }
    }
    /// On which page a metric is; `None`: on none.
    pub const fn of_metric(metric: Metric) -> Option<Self> {
        match metric {
            Metric::SalesPerPli | Metric::Zones | Metric::Affinity => Some(Self::Sales),
            Metric::ActivePdv | Metric::ShopPerformance | Metric::Nps => Some(Self::Shops),
            Metric::Reach | Metric::Registration | Metric::Cohorts | Metric::Conversion | Metric::Frequency | Metric::Rfm => {
                Some(Self::Consumers)
            }
            Metric::UpliftDid | Metric::Roi | Metric::Cac => Some(Self::Campaign),
            Metric::Liability => Some(Self::Points),
            Metric::KAnonymity => None,
        }
    }
    /// The family of a page's address, after `/b/reports`.
    pub fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.path() == path)
    }
}

/// The head of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelColumn {
    /// Its words.
    pub words: String,
    /// Numbers stand at the right.
    pub number: bool,
}

/// What an exploration of a panel may still do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelAct {
    /// Save who is in which segment now.
    SaveSegments,
}

/// One report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panel {
    /// Of its element: letters and underscores.
    pub key: String,
    /// What is told.
    pub title: String,
    /// The big number; empty where there is none to show.
    pub figure: String,
    /// Of what it is a number.
    pub unit: String,
    /// Why there is no number: it is not measurable, or nothing was sold.
    pub instead: String,
    /// What one must know beside it: hidden cells, assumptions.
    pub notes: Vec<String>,
    /// SVG, written by the server alone; empty where there is nothing to draw.
    pub chart: String,
    /// The chart is wide, and scrolls on a phone.
    pub wide: bool,
    /// Of the table.
    pub columns: Vec<PanelColumn>,
    /// As long as `columns` each; the first cell names the row.
    pub rows: Vec<Vec<String>>,
    /// What the file has: names of columns, then rows. It never leaves the server.
    #[serde(skip)]
    pub table: Vec<Vec<String>>,
    /// Rows that only the file has.
    pub rows_left: i64,
    /// *Datos hasta 20 nov 2026 09:40*, and which shops are missing.
    pub freshness: String,
    /// Shops of which nothing came: sales may be missing.
    pub unsynced: String,
    /// What the number means.
    pub definition: String,
    /// How it is computed.
    pub formula: String,
    /// The door of the same numbers, with its query: `/api/v1/reports/reach?…`; empty where there is none to open.
    pub door: String,
    /// What may be done with it.
    pub act: Option<PanelAct>,
    /// It could not be read: the code for support.
    pub failed: Option<String>,
}

/// Rows behind a panel's numbers, one part of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelRows {
    /// What is told.
    pub title: String,
    /// As on the panel.
    pub freshness: String,
    /// As on the panel.
    pub unsynced: String,
    /// What the number means.
    pub definition: String,
    /// Hidden cells.
    pub notes: Vec<String>,
    /// Of the table.
    pub columns: Vec<PanelColumn>,
    /// As long as `columns` each; the first cell names the row.
    pub rows: Vec<Vec<String>>,
    /// Rows before these.
    pub after: i64,
    /// All rows.
    pub all: i64,
    /// The door of the same rows as a file, with its query.
    pub door: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_found_by_its_address() {
        for family in Family::ALL {
            assert_eq!(Family::of(family.path()), Some(family));
        }
        assert_eq!(Family::of("/nothing"), None);
    }
}
