BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('core_0001');
CREATE TABLE alembic_version_channel_web (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_channel_web_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version_channel_web" VALUES('channel_web_0001');
CREATE TABLE alembic_version_pms_mock (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pms_mock_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version_pms_mock" VALUES('pms_mock_0001');
CREATE TABLE application_versions (
    version_id TEXT NOT NULL PRIMARY KEY,
    version_name TEXT NOT NULL UNIQUE,
    version_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL);
INSERT INTO "application_versions" VALUES('40f04045-e9b2-4ed6-a319-58a356cb268a','1',1795603965000,1795603965000,'agente-hotelero');
CREATE TABLE channel_web_line (
	id INTEGER NOT NULL, 
	tenant VARCHAR NOT NULL, 
	chat VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	direction VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	content JSON NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_channel_web_line PRIMARY KEY (id)
);
CREATE TABLE conversation (
	id INTEGER NOT NULL, 
	tenant VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	profile_name VARCHAR NOT NULL, 
	phone VARCHAR, 
	language VARCHAR, 
	mode VARCHAR NOT NULL, 
	mode_reason VARCHAR NOT NULL, 
	state JSON NOT NULL, 
	version INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_guest_at DATETIME NOT NULL, 
	CONSTRAINT pk_conversation PRIMARY KEY (id), 
	CONSTRAINT uq_conversation_tenant_channel_account_address UNIQUE (tenant, channel, account, address)
);
INSERT INTO "conversation" VALUES(1,'default','channel_whatsapp','100000000000001','5491155550001','Ana','+5491155550001','es','agent','','{"frames": [{"handler": "front_desk.booking", "step": "choose", "data": {"arrival": "2028-01-08", "nights": 3, "adults": 2, "children": 0, "child_ages": [], "room_type": "double", "rate": null, "shown": 2, "offer": null, "name": null, "email": null, "key": null}, "expects": ["option", "room_type", "rate", "stay", "party", "rooms", "yes_no"], "expires_at": "2026-11-26T07:52:46.687930-03:00"}], "focus": {"stay": {"arrival": "2028-01-08", "departure": "2028-01-11"}, "occupancy": {"adults": 2, "child_ages": []}, "guest": null, "offers": [{"id": "OF-fede0b79ccd3952d3095", "property_id": "1", "room_type": {"id": "double", "name": "Habitaci\u00f3n doble", "description": "Cama matrimonial o dos camas individuales, ba\u00f1o privado y vista al jard\u00edn.", "max_adults": 2, "max_guests": 3, "images": [{"url": "https://images.example.org/double.jpg", "caption": "Habitaci\u00f3n doble"}]}, "rate_plan": {"id": "saver", "name": "No reembolsable", "board": "room_only", "refundable": false}, "stay": {"arrival": "2028-01-08", "departure": "2028-01-11"}, "occupancies": [{"adults": 2, "child_ages": []}], "total": {"currency": "USD", "amount": "395.25"}, "taxes": [{"name": "IVA", "amount": {"currency": "USD", "amount": "68.60"}, "included": true}, {"name": "Tasa tur\u00edstica", "amount": {"currency": "USD", "amount": "12.00"}, "included": false}], "due_at_property": {"currency": "USD", "amount": "12.00"}, "cancellation": {"free_until": null, "fee": {"currency": "USD", "amount": "395.25"}}, "units_left": 4, "expires_at": "2026-11-25T11:22:46.905525Z"}, {"id": "OF-ec55b47f93b7f8c6e97a", "property_id": "1", "room_type": {"id": "double", "name": "Habitaci\u00f3n doble", "description": "Cama matrimonial o dos camas individuales, ba\u00f1o privado y vista al jard\u00edn.", "max_adults": 2, "max_guests": 3, "images": [{"url": "https://images.example.org/double.jpg", "caption": "Habitaci\u00f3n doble"}]}, "rate_plan": {"id": "flexible", "name": "Flexible con desayuno", "board": "breakfast", "refundable": true}, "stay": {"arrival": "2028-01-08", "departure": "2028-01-11"}, "occupancies": [{"adults": 2, "child_ages": []}], "total": {"currency": "USD", "amount": "465.00"}, "taxes": [{"name": "IVA", "amount": {"currency": "USD", "amount": "80.70"}, "included": true}, {"name": "Tasa tur\u00edstica", "amount": {"currency": "USD", "amount": "12.00"}, "included": false}], "due_at_property": {"currency": "USD", "amount": "12.00"}, "cancellation": {"free_until": "2028-01-06T21:00:00Z", "fee": {"currency": "USD", "amount": "165.00"}}, "units_left": 4, "expires_at": "2026-11-25T11:22:46.901046Z"}], "reservation": null, "misunderstood": 0}}',1,'2026-11-25 10:52:45.637918','2026-11-25 10:52:45.000000');
INSERT INTO "conversation" VALUES(2,'default','channel_whatsapp','100000000000001','5491155550002','Ana','+5491155550002','es','agent','','{"frames": [], "focus": {"stay": null, "occupancy": null, "guest": null, "offers": [], "reservation": null, "misunderstood": 0}}',1,'2026-11-25 10:52:47.162934','2026-11-25 10:52:47.000000');
CREATE TABLE dbos_migrations (version INTEGER NOT NULL PRIMARY KEY);
INSERT INTO "dbos_migrations" VALUES(125);
CREATE TABLE inbound_event (
	id INTEGER NOT NULL, 
	channel VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	event_key VARCHAR NOT NULL, 
	tenant VARCHAR NOT NULL, 
	conversation_id INTEGER, 
	kind VARCHAR NOT NULL, 
	content JSON NOT NULL, 
	sent_at DATETIME NOT NULL, 
	received_at DATETIME NOT NULL, 
	raw_id INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	CONSTRAINT pk_inbound_event PRIMARY KEY (id), 
	CONSTRAINT uq_inbound_event_channel_account_event_key UNIQUE (channel, account, event_key)
);
INSERT INTO "inbound_event" VALUES(1,'channel_whatsapp','100000000000001','wamid.up1','default',1,'InboundMessage','{"id": "wamid.up1", "address": "5491155550001", "sent_at": "2026-11-25T10:52:45Z", "content": {"text": "quiero una doble del 8 al 11 de enero de 2028 para dos", "choice": null, "media": null, "location": null}, "profile_name": "Ana", "phone": "+5491155550001"}','2026-11-25 10:52:45.000000','2026-11-25 10:52:45.631431',1,'answered','');
INSERT INTO "inbound_event" VALUES(2,'channel_whatsapp','100000000000001','wamid.up2','default',2,'InboundMessage','{"id": "wamid.up2", "address": "5491155550002", "sent_at": "2026-11-25T10:52:47Z", "content": {"text": "\u00bfhay wifi?", "choice": null, "media": null, "location": null}, "profile_name": "Ana", "phone": "+5491155550002"}','2026-11-25 10:52:47.000000','2026-11-25 10:52:47.159558',2,'answered','');
CREATE TABLE inbox_raw (
	id INTEGER NOT NULL, 
	channel VARCHAR NOT NULL, 
	accounts JSON NOT NULL, 
	body BLOB NOT NULL, 
	received_at DATETIME NOT NULL, 
	state VARCHAR NOT NULL, 
	error VARCHAR NOT NULL, 
	CONSTRAINT pk_inbox_raw PRIMARY KEY (id)
);
INSERT INTO "inbox_raw" VALUES(1,'channel_whatsapp','["100000000000001"]',X'7B226F626A656374223A202277686174736170705F627573696E6573735F6163636F756E74222C2022656E747279223A205B7B226964223A2022323030303030303030303030303031222C20226368616E676573223A205B7B226669656C64223A20226D65737361676573222C202276616C7565223A207B226D6573736167696E675F70726F64756374223A20227768617473617070222C20226D65746164617461223A207B22646973706C61795F70686F6E655F6E756D626572223A20223135353530303031222C202270686F6E655F6E756D6265725F6964223A2022313030303030303030303030303031227D2C2022636F6E7461637473223A205B7B2270726F66696C65223A207B226E616D65223A2022416E61227D2C202277615F6964223A202235343931313535353530303031227D5D2C20226D65737361676573223A205B7B2266726F6D223A202235343931313535353530303031222C20226964223A202277616D69642E757031222C202274696D657374616D70223A202231373935363033393635222C202274797065223A202274657874222C202274657874223A207B22626F6479223A202271756965726F20756E6120646F626C652064656C203820616C20313120646520656E65726F2064652032303238207061726120646F73227D7D5D7D7D5D7D5D7D','2026-11-25 10:52:45.631431','done','');
INSERT INTO "inbox_raw" VALUES(2,'channel_whatsapp','["100000000000001"]',X'7B226F626A656374223A202277686174736170705F627573696E6573735F6163636F756E74222C2022656E747279223A205B7B226964223A2022323030303030303030303030303031222C20226368616E676573223A205B7B226669656C64223A20226D65737361676573222C202276616C7565223A207B226D6573736167696E675F70726F64756374223A20227768617473617070222C20226D65746164617461223A207B22646973706C61795F70686F6E655F6E756D626572223A20223135353530303031222C202270686F6E655F6E756D6265725F6964223A2022313030303030303030303030303031227D2C2022636F6E7461637473223A205B7B2270726F66696C65223A207B226E616D65223A2022416E61227D2C202277615F6964223A202235343931313535353530303032227D5D2C20226D65737361676573223A205B7B2266726F6D223A202235343931313535353530303032222C20226964223A202277616D69642E757032222C202274696D657374616D70223A202231373935363033393637222C202274797065223A202274657874222C202274657874223A207B22626F6479223A20225C753030626668617920776966693F227D7D5D7D7D5D7D5D7D','2026-11-25 10:52:47.159558','done','');
INSERT INTO "inbox_raw" VALUES(3,'channel_whatsapp','["100000000000001"]',X'7B226F626A656374223A202277686174736170705F627573696E6573735F6163636F756E74222C2022656E747279223A205B7B226964223A2022323030303030303030303030303031222C20226368616E676573223A205B7B226669656C64223A20226D65737361676573222C202276616C7565223A207B226D6573736167696E675F70726F64756374223A20227768617473617070222C20226D65746164617461223A207B22646973706C61795F70686F6E655F6E756D626572223A20223135353530303031222C202270686F6E655F6E756D6265725F6964223A2022313030303030303030303030303031227D2C2022636F6E7461637473223A205B7B2270726F66696C65223A207B226E616D65223A2022457661227D2C202277615F6964223A202235343931313535353530303033227D5D2C20226D65737361676573223A205B7B2266726F6D223A202235343931313535353530303033222C20226964223A202277616D69642E757039222C202274696D657374616D70223A202231373935363033393638222C202274797065223A202274657874222C202274657874223A207B22626F6479223A20225C753030626668617920776966693F227D7D5D7D7D5D7D5D7D','2026-11-25 10:52:48.000000','new','');
CREATE TABLE message (
	id INTEGER NOT NULL, 
	tenant VARCHAR NOT NULL, 
	conversation_id INTEGER NOT NULL, 
	direction VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	content JSON NOT NULL, 
	at DATETIME NOT NULL, 
	outbox_id INTEGER, 
	CONSTRAINT pk_message PRIMARY KEY (id)
);
INSERT INTO "message" VALUES(1,'default',1,'in','quiero una doble del 8 al 11 de enero de 2028 para dos','{"text": "quiero una doble del 8 al 11 de enero de 2028 para dos", "choice": null, "media": null, "location": null}','2026-11-25 10:52:45.000000',NULL);
INSERT INTO "message" VALUES(2,'default',1,'out','Del sáb 8 de ene de 2028 al mar 11 de ene de 2028 (3 noches), 2 adultos:','{"text": "Del s\u00e1b 8 de ene de 2028 al mar 11 de ene de 2028 (3 noches), 2 adultos:", "options": [], "image": null, "location": null}','2026-11-25 10:52:46.913109',1);
INSERT INTO "message" VALUES(3,'default',1,'out','Habitación doble · No reembolsable
Total por 3 noches: USD 395,25
IVA: USD 68,60 (incluido).
Tasa turística: USD 12,00 (no incluido).
A pagar en el hotel: USD 12,00.
No reembolsable: si cancelas se cobran USD 395,25.','{"text": "Habitaci\u00f3n doble \u00b7 No reembolsable\nTotal por 3 noches: USD 395,25\nIVA: USD 68,60 (incluido).\nTasa tur\u00edstica: USD 12,00 (no incluido).\nA pagar en el hotel: USD 12,00.\nNo reembolsable: si cancelas se cobran USD 395,25.", "options": [], "image": {"url": "https://images.example.org/double.jpg", "caption": "Habitaci\u00f3n doble"}, "location": null}','2026-11-25 10:52:46.916037',2);
INSERT INTO "message" VALUES(4,'default',1,'out','Habitación doble · Flexible con desayuno
Total por 3 noches: USD 465,00
IVA: USD 80,70 (incluido).
Tasa turística: USD 12,00 (no incluido).
A pagar en el hotel: USD 12,00.
Cancelación gratis hasta el jue 6 de ene de 2028, 18:00; después, USD 165,00.','{"text": "Habitaci\u00f3n doble \u00b7 Flexible con desayuno\nTotal por 3 noches: USD 465,00\nIVA: USD 80,70 (incluido).\nTasa tur\u00edstica: USD 12,00 (no incluido).\nA pagar en el hotel: USD 12,00.\nCancelaci\u00f3n gratis hasta el jue 6 de ene de 2028, 18:00; despu\u00e9s, USD 165,00.", "options": [], "image": {"url": "https://images.example.org/double.jpg", "caption": "Habitaci\u00f3n doble"}, "location": null}','2026-11-25 10:52:46.918653',3);
INSERT INTO "message" VALUES(5,'default',1,'out','¿Cuál prefieres?','{"text": "\u00bfCu\u00e1l prefieres?", "options": [{"id": "offer:0", "title": "No reembolsable"}, {"id": "offer:1", "title": "Flexible con desayuno"}], "image": null, "location": null}','2026-11-25 10:52:46.920199',4);
INSERT INTO "message" VALUES(6,'default',2,'in','¿hay wifi?','{"text": "\u00bfhay wifi?", "choice": null, "media": null, "location": null}','2026-11-25 10:52:47.000000',NULL);
INSERT INTO "message" VALUES(7,'default',2,'out','La red es HotelDemo.','{"text": "La red es HotelDemo.", "options": [], "image": null, "location": null}','2026-11-25 10:52:47.216681',5);
CREATE TABLE notifications (
    message_uuid TEXT NOT NULL DEFAULT (hex(randomblob(16))) PRIMARY KEY,
    destination_uuid TEXT NOT NULL,
    topic TEXT,
    message TEXT NOT NULL,
    created_at_epoch_ms INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000), "serialization" TEXT DEFAULT NULL, "consumed" BOOLEAN NOT NULL DEFAULT FALSE, consumed_by_function_id INTEGER,
    FOREIGN KEY (destination_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE "operation_outputs" (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    function_name TEXT NOT NULL DEFAULT '',
    output TEXT,
    error TEXT,
    child_workflow_id TEXT,
    started_at_epoch_ms INTEGER,
    completed_at_epoch_ms INTEGER,
    serialization TEXT,
    application_name TEXT DEFAULT NULL,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    PRIMARY KEY (workflow_uuid, function_id)
);
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	tenant VARCHAR NOT NULL, 
	conversation_id INTEGER NOT NULL, 
	channel VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	content JSON NOT NULL, 
	acts JSON NOT NULL, 
	amounts JSON NOT NULL, 
	state VARCHAR NOT NULL, 
	provider_id VARCHAR, 
	attempts INTEGER NOT NULL, 
	error VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_outbox PRIMARY KEY (id)
);
INSERT INTO "outbox" VALUES(1,'default',1,'channel_whatsapp','100000000000001','5491155550001','{"text": "Del s\u00e1b 8 de ene de 2028 al mar 11 de ene de 2028 (3 noches), 2 adultos:", "options": [], "image": null, "location": null}','["front_desk/offers"]','[]','sending',NULL,3,'','2026-11-25 10:52:46.913109','2026-11-25 10:52:48.278452');
INSERT INTO "outbox" VALUES(2,'default',1,'channel_whatsapp','100000000000001','5491155550001','{"text": "Habitaci\u00f3n doble \u00b7 No reembolsable\nTotal por 3 noches: USD 395,25\nIVA: USD 68,60 (incluido).\nTasa tur\u00edstica: USD 12,00 (no incluido).\nA pagar en el hotel: USD 12,00.\nNo reembolsable: si cancelas se cobran USD 395,25.", "options": [], "image": {"url": "https://images.example.org/double.jpg", "caption": "Habitaci\u00f3n doble"}, "location": null}','["front_desk/offer"]','[{"source": "OF-fede0b79ccd3952d3095", "amount": "395.25", "currency": "USD"}, {"source": "OF-fede0b79ccd3952d3095", "amount": "68.60", "currency": "USD"}, {"source": "OF-fede0b79ccd3952d3095", "amount": "12.00", "currency": "USD"}, {"source": "OF-fede0b79ccd3952d3095", "amount": "12.00", "currency": "USD"}, {"source": "OF-fede0b79ccd3952d3095", "amount": "395.25", "currency": "USD"}]','queued',NULL,0,'','2026-11-25 10:52:46.916037','2026-11-25 10:52:46.916037');
INSERT INTO "outbox" VALUES(3,'default',1,'channel_whatsapp','100000000000001','5491155550001','{"text": "Habitaci\u00f3n doble \u00b7 Flexible con desayuno\nTotal por 3 noches: USD 465,00\nIVA: USD 80,70 (incluido).\nTasa tur\u00edstica: USD 12,00 (no incluido).\nA pagar en el hotel: USD 12,00.\nCancelaci\u00f3n gratis hasta el jue 6 de ene de 2028, 18:00; despu\u00e9s, USD 165,00.", "options": [], "image": {"url": "https://images.example.org/double.jpg", "caption": "Habitaci\u00f3n doble"}, "location": null}','["front_desk/offer"]','[{"source": "OF-ec55b47f93b7f8c6e97a", "amount": "465.00", "currency": "USD"}, {"source": "OF-ec55b47f93b7f8c6e97a", "amount": "80.70", "currency": "USD"}, {"source": "OF-ec55b47f93b7f8c6e97a", "amount": "12.00", "currency": "USD"}, {"source": "OF-ec55b47f93b7f8c6e97a", "amount": "12.00", "currency": "USD"}, {"source": "OF-ec55b47f93b7f8c6e97a", "amount": "165.00", "currency": "USD"}]','queued',NULL,0,'','2026-11-25 10:52:46.918653','2026-11-25 10:52:46.918653');
INSERT INTO "outbox" VALUES(4,'default',1,'channel_whatsapp','100000000000001','5491155550001','{"text": "\u00bfCu\u00e1l prefieres?", "options": [{"id": "offer:0", "title": "No reembolsable"}, {"id": "offer:1", "title": "Flexible con desayuno"}], "image": null, "location": null}','["front_desk/ask_choice"]','[]','queued',NULL,0,'','2026-11-25 10:52:46.920199','2026-11-25 10:52:46.920199');
INSERT INTO "outbox" VALUES(5,'default',2,'channel_whatsapp','100000000000001','5491155550002','{"text": "La red es HotelDemo.", "options": [], "image": null, "location": null}','["front_desk/house"]','[]','sending',NULL,2,'','2026-11-25 10:52:47.216681','2026-11-25 10:52:47.739349');
CREATE TABLE pms_mock_night (
	tenant VARCHAR NOT NULL, 
	property_id VARCHAR NOT NULL, 
	room_type_id VARCHAR NOT NULL, 
	night DATE NOT NULL, 
	sold INTEGER NOT NULL, 
	CONSTRAINT pk_pms_mock_night PRIMARY KEY (tenant, property_id, room_type_id, night)
);
CREATE TABLE pms_mock_reservation (
	id INTEGER NOT NULL, 
	tenant VARCHAR NOT NULL, 
	property_id VARCHAR NOT NULL, 
	reference VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	external_ref VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	email VARCHAR NOT NULL, 
	phone VARCHAR NOT NULL, 
	guest_name VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	content JSON NOT NULL, 
	CONSTRAINT pk_pms_mock_reservation PRIMARY KEY (id), 
	CONSTRAINT uq_pms_mock_reservation_tenant_reference UNIQUE (tenant, reference), 
	CONSTRAINT uq_pms_mock_reservation_tenant_key UNIQUE (tenant, "key")
);
CREATE TABLE pms_operation (
	tenant VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	external_ref VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	reference VARCHAR, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_pms_operation PRIMARY KEY (tenant, "key")
);
CREATE TABLE queues (
    queue_id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    name TEXT NOT NULL UNIQUE,
    concurrency INTEGER,
    worker_concurrency INTEGER,
    rate_limit_max INTEGER,
    rate_limit_period_sec REAL,
    priority_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    partition_queue BOOLEAN NOT NULL DEFAULT FALSE,
    polling_interval_sec REAL NOT NULL DEFAULT 1.0,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL, "partition_concurrency" INTEGER DEFAULT NULL, "partition_worker_concurrency" INTEGER DEFAULT NULL, "partition_rate_limit_max" INTEGER DEFAULT NULL, "partition_rate_limit_period_sec" REAL DEFAULT NULL);
INSERT INTO "queues" VALUES('41207359850CEB197FD4F98D5138BAFE','turns',NULL,64,NULL,NULL,1,1,0.1,1795603965000,1795603965556,'agente-hotelero',1,NULL,NULL,NULL);
INSERT INTO "queues" VALUES('A754D1C3BAB710381EFA9B68017147FB','sends',NULL,64,NULL,NULL,1,1,0.1,1795603965000,1795603965564,'agente-hotelero',1,NULL,NULL,NULL);
CREATE TABLE streams (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    "offset" INTEGER NOT NULL, function_id INTEGER NOT NULL DEFAULT 0, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key, "offset"),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events_history (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, function_id, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid)
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_input (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    inputs TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_input" VALUES('turn:1','gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwGFlIwGa3dhcmdzlH2UdS4=',1795603965000);
INSERT INTO "workflow_input" VALUES('send:1','gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwGFlIwGa3dhcmdzlH2UdS4=',1795603966000);
INSERT INTO "workflow_input" VALUES('send:2','gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwKFlIwGa3dhcmdzlH2UdS4=',1795603966000);
INSERT INTO "workflow_input" VALUES('send:3','gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwOFlIwGa3dhcmdzlH2UdS4=',1795603966000);
INSERT INTO "workflow_input" VALUES('send:4','gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwSFlIwGa3dhcmdzlH2UdS4=',1795603966000);
INSERT INTO "workflow_input" VALUES('turn:2','gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwKFlIwGa3dhcmdzlH2UdS4=',1795603967000);
INSERT INTO "workflow_input" VALUES('send:5','gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwWFlIwGa3dhcmdzlH2UdS4=',1795603967000);
CREATE TABLE workflow_output (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    output TEXT,
    error TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_output" VALUES('turn:1','gAROLg==',NULL,1795603966000);
INSERT INTO "workflow_output" VALUES('turn:2','gAROLg==',NULL,1795603967000);
CREATE TABLE workflow_schedules (
    schedule_id TEXT PRIMARY KEY,
    schedule_name TEXT NOT NULL UNIQUE,
    workflow_name TEXT NOT NULL,
    workflow_class_name TEXT,
    schedule TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'ACTIVE',
    context TEXT NOT NULL
, "last_fired_at" TEXT DEFAULT NULL, "automatic_backfill" BOOLEAN NOT NULL DEFAULT FALSE, "cron_timezone" TEXT DEFAULT NULL, "queue_name" TEXT DEFAULT NULL, "application_name" TEXT DEFAULT NULL);
CREATE TABLE workflow_status (
    workflow_uuid TEXT PRIMARY KEY,
    status TEXT,
    name TEXT,
    authenticated_user TEXT,
    assumed_role TEXT,
    authenticated_roles TEXT,
    request TEXT,
    output TEXT,
    error TEXT,
    executor_id TEXT,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    application_version TEXT,
    application_id TEXT,
    class_name TEXT DEFAULT NULL,
    config_name TEXT DEFAULT NULL,
    recovery_attempts INTEGER DEFAULT 0,
    queue_name TEXT,
    workflow_timeout_ms INTEGER,
    workflow_deadline_epoch_ms INTEGER,
    inputs TEXT,
    started_at_epoch_ms INTEGER,
    deduplication_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0
, queue_partition_key TEXT, forked_from TEXT, "owner_xid" TEXT DEFAULT NULL, "parent_workflow_id" TEXT DEFAULT NULL, "serialization" TEXT DEFAULT NULL, "delay_until_epoch_ms" BIGINT DEFAULT NULL, "was_forked_from" BOOLEAN NOT NULL DEFAULT FALSE, "rate_limited" BOOLEAN NOT NULL DEFAULT FALSE, "completed_at" BIGINT, "attributes" TEXT, "schedule_name" TEXT, "debounce_deadline_epoch_ms" BIGINT DEFAULT NULL, "is_debounced" BOOLEAN NOT NULL DEFAULT FALSE, "application_name" TEXT DEFAULT NULL, "creator_xid" TEXT DEFAULT NULL);
INSERT INTO "workflow_status" VALUES('turn:1','SUCCESS','turn',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1795603965000,1795603966000,'1',NULL,NULL,NULL,1,'turns',NULL,NULL,NULL,1795603966000,NULL,2,'1',NULL,NULL,NULL,'py_pickle',NULL,0,0,1795603966000,'null',NULL,NULL,0,'agente-hotelero','044b4c74-f1b1-44fa-b5c7-1103c243e506');
INSERT INTO "workflow_status" VALUES('send:1','PENDING','send',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1795603966000,1795603966000,'1',NULL,NULL,NULL,1,'sends',NULL,NULL,NULL,1795603966000,NULL,2,'channel_whatsapp:100000000000001:1',NULL,'d91537b7-16eb-47e9-9bd9-a3daf77fc752',NULL,'py_pickle',NULL,0,0,NULL,'null',NULL,NULL,0,'agente-hotelero','8347685a-3ac8-447f-bdb1-07e5a4a43120');
INSERT INTO "workflow_status" VALUES('send:2','ENQUEUED','send',NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795603966000,1795603966000,NULL,NULL,NULL,NULL,0,'sends',NULL,NULL,NULL,NULL,NULL,3,'channel_whatsapp:100000000000001:1',NULL,NULL,NULL,'py_pickle',NULL,0,0,NULL,'null',NULL,NULL,0,'agente-hotelero','79c1e82d-cae7-4c90-9f47-876e55822509');
INSERT INTO "workflow_status" VALUES('send:3','ENQUEUED','send',NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795603966000,1795603966000,NULL,NULL,NULL,NULL,0,'sends',NULL,NULL,NULL,NULL,NULL,4,'channel_whatsapp:100000000000001:1',NULL,NULL,NULL,'py_pickle',NULL,0,0,NULL,'null',NULL,NULL,0,'agente-hotelero','e93040cb-8a9c-4a31-9ace-9bd716d31965');
INSERT INTO "workflow_status" VALUES('send:4','ENQUEUED','send',NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795603966000,1795603966000,NULL,NULL,NULL,NULL,0,'sends',NULL,NULL,NULL,NULL,NULL,5,'channel_whatsapp:100000000000001:1',NULL,NULL,NULL,'py_pickle',NULL,0,0,NULL,'null',NULL,NULL,0,'agente-hotelero','c81e1d0d-ad11-4b78-9bf5-0ccb575e97a0');
INSERT INTO "workflow_status" VALUES('turn:2','SUCCESS','turn',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1795603967000,1795603967000,'1',NULL,NULL,NULL,1,'turns',NULL,NULL,NULL,1795603967000,NULL,3,'2',NULL,NULL,NULL,'py_pickle',NULL,0,0,1795603967000,'null',NULL,NULL,0,'agente-hotelero','64a2e243-0184-4adb-9748-266b8e24b3cc');
INSERT INTO "workflow_status" VALUES('send:5','PENDING','send',NULL,NULL,NULL,NULL,NULL,NULL,'embedded',1795603967000,1795603967000,'1',NULL,NULL,NULL,1,'sends',NULL,NULL,NULL,1795603967000,NULL,6,'channel_whatsapp:100000000000001:2',NULL,'8279a84d-f97b-4efd-be57-3982590bf99c',NULL,'py_pickle',NULL,0,0,NULL,'null',NULL,NULL,0,'agente-hotelero','b8df9a0e-ccfc-47a4-9918-0615a2e1727c');
CREATE INDEX ix_inbound_event_conversation_id ON inbound_event (tenant, conversation_id, state, id);
CREATE INDEX ix_inbox_raw_state_id ON inbox_raw (state, id);
CREATE INDEX ix_message_conversation ON message (tenant, conversation_id, id);
CREATE INDEX ix_outbox_provider ON outbox (channel, account, provider_id);
CREATE UNIQUE INDEX uq_channel_web_line_key ON channel_web_line (tenant, chat, "key");
CREATE INDEX ix_pms_mock_reservation_external_ref ON pms_mock_reservation (tenant, property_id, external_ref);
CREATE INDEX workflow_status_created_at_index ON workflow_status (created_at);
CREATE INDEX idx_workflow_topic ON notifications (destination_uuid, topic);
CREATE INDEX "idx_workflow_status_delayed" ON "workflow_status" ("delay_until_epoch_ms") WHERE status = 'DELAYED';
CREATE INDEX "idx_workflow_status_forked_from" ON "workflow_status" ("forked_from") WHERE "forked_from" IS NOT NULL;
CREATE INDEX "idx_workflow_status_parent_workflow_id" ON "workflow_status" ("parent_workflow_id") WHERE "parent_workflow_id" IS NOT NULL;
CREATE UNIQUE INDEX "uq_workflow_status_dedup_id" ON "workflow_status" ("queue_name", "deduplication_id") WHERE "deduplication_id" IS NOT NULL;
CREATE INDEX "idx_workflow_status_pending" ON "workflow_status" ("created_at") WHERE "status" = 'PENDING';
CREATE INDEX "idx_workflow_status_failed" ON "workflow_status" ("status", "created_at") WHERE "status" IN ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED');
CREATE INDEX "idx_workflow_status_rate_limited" ON "workflow_status" ("queue_name", "started_at_epoch_ms") WHERE "rate_limited" = TRUE;
CREATE INDEX "idx_workflow_status_completed_at" ON "workflow_status" ("completed_at") WHERE "completed_at" IS NOT NULL;
CREATE INDEX "idx_workflow_status_started_at" ON "workflow_status" ("started_at_epoch_ms") WHERE "started_at_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_workflow_status_schedule_name" ON "workflow_status" ("schedule_name") WHERE "schedule_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_owner_version"
    ON application_versions ("application_name", "version_name")
    WHERE "application_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_unclaimed_version"
    ON application_versions ("version_name")
    WHERE "application_name" IS NULL;
CREATE INDEX idx_workflow_input_retention
    ON workflow_input (retention_timestamp);
CREATE INDEX idx_workflow_output_retention
    ON workflow_output (retention_timestamp);
CREATE INDEX idx_operation_outputs_retention
    ON operation_outputs (retention_timestamp);
CREATE INDEX "idx_workflow_status_in_flight_v2" ON "workflow_status" ("queue_name", "status", "priority", "created_at", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING');
CREATE INDEX "idx_workflow_status_partition_dequeue_v3" ON "workflow_status" ("queue_name", "status", "queue_partition_key", "priority", "created_at", "workflow_uuid", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING') AND "queue_partition_key" IS NOT NULL;
CREATE INDEX "idx_operation_outputs_completed_at_function_name_v2" ON "operation_outputs" ("completed_at_epoch_ms", "function_name", "application_name");
CREATE INDEX "idx_workflow_status_deadline" ON "workflow_status" ("workflow_deadline_epoch_ms") WHERE "status" IN ('ENQUEUED', 'PENDING', 'DELAYED') AND "workflow_deadline_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_application_versions_timestamp" ON "application_versions" ("version_timestamp" DESC);
CREATE INDEX "idx_application_versions_owner_timestamp" ON "application_versions" ("application_name", "version_timestamp" DESC);
COMMIT;
