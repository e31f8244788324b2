-- Whether anything came from a shop of late is asked of every shop by every panel, and most of all when nothing came.
CREATE INDEX purchase_shop_received ON purchase (shop_id, received_at);
