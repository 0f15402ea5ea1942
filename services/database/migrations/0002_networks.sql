CREATE TABLE "imclr"."network" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"layers" jsonb NOT NULL,
	"summary" jsonb NOT NULL,
	"bytes" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "imclr"."network" ADD CONSTRAINT "network_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "imclr"."project"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "network_newest" ON "imclr"."network" USING btree ("project_id","created_at","id");