-- What was handed over in a period is counted by a brand's reports from this index alone; a pilot's three months
-- had been ninety thousand rows of the table, one by one, in each of three panels.
CREATE INDEX payable_entry_day ON payable_entry (brand_id, business_date, shop_id, kind, tenant_id);
