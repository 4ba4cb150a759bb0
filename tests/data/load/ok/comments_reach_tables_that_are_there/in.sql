-- PostgreSQL database dump
COMMENT ON TABLE public.items IS 'new';
COMMENT ON COLUMN public.items.id IS 'the number; it''s it';
COMMENT ON TABLE public.others IS NULL;
